// Named wrappers for mbarriers and bulk copies (PTX ISA, "mbarrier", "cp.async.bulk"), and the ring that they make.
#pragma once

#include "../common/memory.cuh"

#include <cstdint>

namespace sage::sm90 {

using Barrier = uint64_t; // in shared memory

__device__ __forceinline__ void init(Barrier &barrier, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;\n" ::"r"(shared_address(&barrier)), "r"(arrivals) : "memory");
}
__device__ __forceinline__ void arrive(Barrier &barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];\n" ::"r"(shared_address(&barrier)) : "memory");
}
// Arrives, and makes the phase wait for `bytes` of bulk copies as well.
__device__ __forceinline__ void arrive_and_expect(Barrier &barrier, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;\n" ::"r"(shared_address(&barrier)), "r"(bytes)
               : "memory");
}
// Returns when the phase of this parity is complete.
__device__ __forceinline__ void wait(Barrier &barrier, int parity) {
  asm volatile("{.reg .pred done;\n"
               "again: mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
               "@!done bra again;}\n" ::"r"(shared_address(&barrier)),
               "r"(parity)
               : "memory");
}
// Whether the phase of this parity is complete; may wait a little.
__device__ __forceinline__ bool is_complete(Barrier &barrier, int parity) {
  int complete;
  asm volatile("{.reg .pred done;\n"
               "mbarrier.try_wait.parity.shared::cta.b64 done, [%1], %2;\n"
               "selp.s32 %0, 1, 0, done;}\n"
               : "=r"(complete)
               : "r"(shared_address(&barrier)), "r"(parity)
               : "memory");
  return complete != 0;
}
// Makes barriers that were just initialized visible to bulk copies.
__device__ __forceinline__ void fence_barrier_init() {
  asm volatile("fence.mbarrier_init.release.cluster;\n" ::: "memory");
}
// Named barriers (PTX ISA, "bar") for `threads` that wait or have arrived; 0 is that of __syncthreads().
__device__ __forceinline__ void sync_barrier(int barrier, int threads) {
  asm volatile("bar.sync %0, %1;\n" ::"r"(barrier), "r"(threads) : "memory");
}
__device__ __forceinline__ void arrive_barrier(int barrier, int threads) {
  asm volatile("bar.arrive %0, %1;\n" ::"r"(barrier), "r"(threads) : "memory");
}
// Makes this thread's stores to shared memory visible to wgmma and bulk copies.
__device__ __forceinline__ void fence_async() { asm volatile("fence.proxy.async.shared::cta;\n" ::: "memory"); }

// Copies `bytes` (a multiple of 16) to shared memory in the background; the barrier learns of them.
__device__ __forceinline__ void copy_bulk(void *destination, const void *source, int bytes, Barrier &barrier) {
  asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];\n" ::"r"(
                   shared_address(destination)),
               "l"(source), "r"(bytes), "r"(shared_address(&barrier))
               : "memory");
}

// Where use number `index` of a ring of kStages buffers takes place, and the parity of the phase that fills the buffer.
template <int kStages> struct Turn {
  static_assert((kStages & (kStages - 1)) == 0, "a counter that wraps around must not skip a buffer");
  int stage, parity;
  __device__ __forceinline__ explicit Turn(unsigned index) : stage(index % kStages), parity(index / kStages % 2) {}
};

} // namespace sage::sm90
