/* C ABI of libsageattn3: microscaling FP4 (NVFP4) attention for NVIDIA Blackwell GPUs.
 *
 * The library depends on the CUDA toolkit alone: no PyTorch, no Python. It loads on a machine without a GPU
 * or driver; only sageattn3_forward() needs one. What is computed, to the rounding: docs/kernels/fp4.md.
 *
 * One call:
 *   1. fill sageattn3_params (zero it first, then set struct_size),
 *   2. ask sageattn3_workspace_size(),
 *   3. allocate that many bytes of device memory (256-byte aligned),
 *   4. sageattn3_forward(&params, workspace, bytes, stream).
 * Nothing synchronizes with the host, nothing is allocated, inputs are never written.
 *
 * Every function is thread safe. On failure it returns a status and leaves a sentence for
 * sageattn3_last_error(), which belongs to the calling thread.
 */
#ifndef SAGEATTN3_SAGEATTN3_H_
#define SAGEATTN3_SAGEATTN3_H_

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#if defined(SAGEATTN3_BUILD)
#define SAGEATTN3_API __declspec(dllexport)
#else
#define SAGEATTN3_API __declspec(dllimport)
#endif
#else
#define SAGEATTN3_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Raised whenever sageattn3_params or a signature changes incompatibly. */
#define SAGEATTN3_ABI_VERSION 1

typedef enum sageattn3_status {
  SAGEATTN3_OK = 0,
  SAGEATTN3_INVALID_ARGUMENT = 1, /* a field of the parameters is wrong: the message names it */
  SAGEATTN3_UNSUPPORTED = 2,      /* no kernel in this build for that device or shape */
  SAGEATTN3_CUDA_ERROR = 3        /* the CUDA runtime refused: the message carries its text */
} sageattn3_status;

typedef enum sageattn3_dtype {
  SAGEATTN3_FLOAT16 = 0,
  SAGEATTN3_BFLOAT16 = 1,
  SAGEATTN3_FLOAT32 = 2, /* masks only */
  SAGEATTN3_BOOL = 3     /* masks only: one byte, non-zero where the key takes part */
} sageattn3_dtype;

/* Which keys a query sees. With `shift` = 0 (top left) or len_kv - len_q (bottom right), query i sees the keys
 * 0 .. i + shift. The lengths are those of the sequence. */
typedef enum sageattn3_causality {
  SAGEATTN3_NOT_CAUSAL = 0,
  SAGEATTN3_CAUSAL_TOP_LEFT = 1,
  SAGEATTN3_CAUSAL_BOTTOM_RIGHT = 2
} sageattn3_causality;

/* A 4-dimensional tensor in device memory, seen as [batch, head, token, channel] whatever its layout is.
 * Strides count elements; the channel stride is 1. Any stride is accepted; base addresses and strides that are
 * multiples of 16 bytes are loaded with wide copies. Packed sequences: [token of all sequences, head, channel],
 * stride_batch is not used. */
typedef struct sageattn3_tensor {
  void *data;
  int64_t stride_batch;
  int64_t stride_head;
  int64_t stride_token;
} sageattn3_tensor;

/* Applied to the scores [batch, heads_q, len_q, len_kv]: a float mask is added to query . key * sm_scale, a boolean one
 * hides keys. Strides count elements, 0 broadcasts. A row without any visible key gives zeros and an LSE of -inf. */
typedef struct sageattn3_mask {
  const void *data; /* NULL: no mask */
  int32_t dtype;    /* sageattn3_dtype */
  int32_t reserved; /* 0 */
  int64_t stride_batch;
  int64_t stride_head;
  int64_t stride_query;
  int64_t stride_key;
} sageattn3_mask;

typedef struct sageattn3_params {
  size_t struct_size;         /* sizeof(sageattn3_params) */
  int32_t dtype;              /* sageattn3_dtype of query, key, value and output */
  int32_t compute_capability; /* 10 * major + minor, e.g. 120; 0 asks the current device */
  int64_t batch;              /* packed sequences: how many */
  int64_t heads_q;            /* a multiple of heads_kv */
  int64_t heads_kv;
  int64_t len_q;       /* packed sequences: of the longest, or more */
  int64_t len_kv;      /* the same for keys and values */
  int64_t head_dim_qk; /* channels of query and key: 1 to 256 */
  int64_t head_dim_v;  /* channels of value and output: 1 to 256 */
  sageattn3_tensor query;
  sageattn3_tensor key;
  sageattn3_tensor value;
  sageattn3_tensor output;
  sageattn3_mask mask;
  float *lse;             /* natural logarithm, contiguous: [batch, heads_q, len_q], packed sequences
                             [heads_q, total_q]; NULL: not written */
  float sm_scale;         /* multiplies query . key before the softmax */
  int32_t causality;      /* sageattn3_causality */
  int32_t per_block_mean; /* non-zero: the mean of every 128 query rows is subtracted from them; 0: that of all
                             rows of the head. Its product with the keys is added back to the scores */
  int32_t reserved;       /* 0 */
  /* Packed sequences: int32 [batch + 1] in device memory; sequence b holds the tokens cu_seqlens[b] up to
   * cu_seqlens[b + 1]; it may be empty. Where the lengths do not fit (they decrease, or exceed the totals, len_q or
   * len_kv) nothing out of bounds is touched, and the rows of that sequence are NaN. Rows that belong to no sequence
   * are not written. Both NULL: every sequence is len_q and len_kv tokens long, and the totals mean nothing. */
  const int32_t *cu_seqlens_q;
  const int32_t *cu_seqlens_kv;
  int64_t total_q;  /* tokens of all sequences: the extent of query, output and lse */
  int64_t total_kv; /* the same for key and value */
} sageattn3_params;

/* Bytes of device workspace that sageattn3_forward() needs for these parameters. No GPU needed. */
SAGEATTN3_API sageattn3_status sageattn3_workspace_size(const sageattn3_params *params, size_t *bytes);

/* Enqueues the call on `stream` (a cudaStream_t) of the current device. */
SAGEATTN3_API sageattn3_status sageattn3_forward(const sageattn3_params *params, void *workspace,
                                                 size_t workspace_bytes, void *stream);

/* Writes the name of the kernel that would run, zero terminated, into `name`: e.g. "fp4_d128" where the GPU multiplies
 * FP4 itself, "fp4_emulated_d128" where the same numbers are multiplied in 16 bits. No GPU needed when
 * compute_capability is set. */
SAGEATTN3_API sageattn3_status sageattn3_kernel_name(const sageattn3_params *params, char *name, size_t name_bytes);

/* Message of the last failure in this thread, or "". */
SAGEATTN3_API const char *sageattn3_last_error(void);

/* Version of the library, e.g. "1.0.0". */
SAGEATTN3_API const char *sageattn3_version(void);

/* SAGEATTN3_ABI_VERSION the library was built with. */
SAGEATTN3_API int sageattn3_abi_version(void);

/* CUDA toolkit the kernels were compiled with: 1000 * major + 10 * minor, e.g. 13000. */
SAGEATTN3_API int sageattn3_cuda_version(void);

/* Compute capabilities that machine code was compiled for, e.g. "10.0 12.0". */
SAGEATTN3_API const char *sageattn3_architectures(void);

#ifdef __cplusplus
}
#endif

#endif /* SAGEATTN3_SAGEATTN3_H_ */
