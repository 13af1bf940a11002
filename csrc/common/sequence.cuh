// Where one sequence of a call lies.
#pragma once

#include "params.h"

namespace sage {

struct Sequence {
  int len_q, len_kv;
  int first_q, first_kv; // its first tokens in packed tensors; 0 where sequences have a batch stride
  int first_block;       // of a head's blocks in the workspace
  bool fits;             // false: cu_seqlens contradict the sizes. What is left of the sequence lies within them.

  // `block` is the number of keys in a block of the workspace.
  __device__ __forceinline__ Sequence(const Sequences &s, int index, int block = kKeyBlock) {
    if (s.cu_seqlens_q == nullptr) {
      len_q = s.len_q, len_kv = s.len_kv;
      first_q = first_kv = 0;
      first_block = index * s.key_blocks;
      fits = true;
    } else {
      fits = clamp(first_q, len_q, s.cu_seqlens_q + index, s.len_q, s.total_q) &
             clamp(first_kv, len_kv, s.cu_seqlens_kv + index, s.len_kv, s.total_kv);
      first_block = first_kv / block + index;
    }
  }

private:
  static __device__ __forceinline__ bool clamp(int &first, int &len, const int32_t *cu_seqlens, int longest,
                                               int total) {
    const int begin = cu_seqlens[0], end = cu_seqlens[1];
    first = min(max(begin, 0), total);
    const int last = min(max(end, first), total);
    len = min(last - first, longest);
    return first == begin && first + len == end;
  }
};

} // namespace sage
