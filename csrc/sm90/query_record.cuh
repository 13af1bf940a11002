// Where records of queries lie.
#pragma once

#include "record.h"

namespace sage::sm90 {

// Record `index` of a sequence and query head.
template <int kTileDim>
__device__ __forceinline__ char *query_record(const QueryRecords &records, const Sequences &s, int batch, int head,
                                              int first_q, int index) {
  const int first = s.cu_seqlens_q == nullptr ? batch * records.of_sequence : first_q / kQueryRows + batch;
  return records.data + (int64_t{head} * records.of_head + first + index) * QueryRecord<kTileDim>::kBytes;
}

} // namespace sage::sm90
