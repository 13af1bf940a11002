/* C ABI of libsageattention: quantized attention kernels for NVIDIA GPUs.
 *
 * The library depends on the CUDA toolkit alone: no PyTorch, no Python. It loads on a machine without a GPU
 * or driver; only sageattention_forward() needs one.
 *
 * One call:
 *   1. fill sageattention_params (zero it first, then set struct_size),
 *   2. ask sageattention_workspace_size(),
 *   3. allocate that many bytes of device memory (256-byte aligned),
 *   4. sageattention_forward(&params, workspace, bytes, stream).
 * Nothing synchronizes with the host, nothing is allocated, inputs are never written.
 *
 * Every function is thread safe. On failure it returns a status and leaves a sentence for
 * sageattention_last_error(), which belongs to the calling thread.
 */
#ifndef SAGEATTENTION_SAGEATTENTION_H_
#define SAGEATTENTION_SAGEATTENTION_H_

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#if defined(SAGEATTENTION_BUILD)
#define SAGEATTENTION_API __declspec(dllexport)
#else
#define SAGEATTENTION_API __declspec(dllimport)
#endif
#else
#define SAGEATTENTION_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Raised whenever sageattention_params or a signature changes incompatibly. */
#define SAGEATTENTION_ABI_VERSION 4

typedef enum sageattention_status {
  SAGEATTENTION_OK = 0,
  SAGEATTENTION_INVALID_ARGUMENT = 1, /* a field of the parameters is wrong: the message names it */
  SAGEATTENTION_UNSUPPORTED = 2,      /* no kernel in this build for that device or shape */
  SAGEATTENTION_CUDA_ERROR = 3        /* the CUDA runtime refused: the message carries its text */
} sageattention_status;

typedef enum sageattention_dtype {
  SAGEATTENTION_FLOAT16 = 0,
  SAGEATTENTION_BFLOAT16 = 1,
  SAGEATTENTION_FLOAT32 = 2,
  SAGEATTENTION_BOOL = 3 /* masks only: one byte, non-zero where the key takes part */
} sageattention_dtype;

/* How probabilities and values are multiplied. */
typedef enum sageattention_value_format {
  SAGEATTENTION_VALUES_16BIT = 0,           /* in the dtype of value (fp32 ones in fp16), fp32 sums */
  SAGEATTENTION_VALUES_FP8_FP32_SUMS = 1,   /* e4m3; sums over 64 keys in fp32, then scaled and added in fp32 */
  SAGEATTENTION_VALUES_FP8_FP16_SUMS = 2,   /* e4m3; sums over 64 keys in fp16, then scaled and added in fp32 */
  SAGEATTENTION_VALUES_FP16_SUMS = 3,       /* fp16; sums over all keys in fp16 */
  SAGEATTENTION_VALUES_FP16_BLOCK_SUMS = 4, /* fp16; sums over up to 64 keys in fp16, then added in fp32 */
  SAGEATTENTION_VALUES_AUTO = 5,       /* UNQUANTIZED where that is faster; else FP8_FP32_SUMS where a kernel on wgmma
                                          runs the call, 16BIT elsewhere. Asks the current device if compute_capability
                                          is 0 */
  SAGEATTENTION_VALUES_UNQUANTIZED = 6 /* both products in the dtype of the input, fp32 sums: reads K and V once, for
                                          few queries. 16-bit inputs without cu_seqlens. Means nothing then: smoothing,
                                          granularity */
} sageattention_value_format;

/* How many elements share an INT8 scale. */
typedef enum sageattention_granularity {
  SAGEATTENTION_PER_THREAD = 0, /* a query row; every fourth pair of 64 keys, which one thread of an MMA holds */
  SAGEATTENTION_PER_WARP = 1    /* 32 query rows; 64 keys. On wgmma 16 and 128 */
} sageattention_granularity;

/* Which keys a query sees. With `shift` = 0 (top left) or len_kv - len_q (bottom right), query i sees the keys
 * 0 .. i + shift. */
typedef enum sageattention_causality {
  SAGEATTENTION_NOT_CAUSAL = 0,
  SAGEATTENTION_CAUSAL_TOP_LEFT = 1,
  SAGEATTENTION_CAUSAL_BOTTOM_RIGHT = 2
} sageattention_causality;

/* A 4-dimensional tensor in device memory, seen as [batch, head, token, channel] whatever its layout is.
 * Strides count elements; the channel stride is 1. Any stride is accepted; base addresses and strides that are
 * multiples of 16 bytes are loaded with wide copies. */
typedef struct sageattention_tensor {
  void *data;
  int64_t stride_batch;
  int64_t stride_head;
  int64_t stride_token;
} sageattention_tensor;

/* Applied to the scores [batch, heads_q, len_q, len_kv]: a float mask is added to query . key * sm_scale, a boolean one
 * hides keys. Strides count elements, 0 broadcasts. Boolean masks with a stride_head and a stride_query of 0 (key
 * padding) cost next to nothing. A row without any visible key gives zeros and an LSE of -inf. */
typedef struct sageattention_mask {
  const void *data; /* NULL: no mask */
  int32_t dtype;    /* sageattention_dtype */
  int32_t reserved; /* 0 */
  int64_t stride_batch;
  int64_t stride_head;
  int64_t stride_query;
  int64_t stride_key;
} sageattention_mask;

/* With cu_seqlens_q and cu_seqlens_k, `batch` sequences of different lengths lie one behind the other along the token
 * axis, and batch strides mean nothing. Sequence i has the queries cu_seqlens_q[i] to cu_seqlens_q[i + 1] (exclusive),
 * keys likewise; it may have none. The lengths stay on the device: where they do not fit (they exceed total_q,
 * total_kv, len_q or len_kv) nothing out of bounds is touched, and the rows of that sequence are NaN; where they
 * decrease, all rows are. Rows behind the last sequence are zeros with an LSE of -inf. */
typedef struct sageattention_params {
  size_t struct_size;         /* sizeof(sageattention_params) */
  int32_t dtype;              /* sageattention_dtype of query, key, value and output, not BOOL */
  int32_t compute_capability; /* 10 * major + minor, e.g. 90; 0 asks the current device */
  int64_t batch;
  int64_t heads_q; /* a multiple of heads_kv */
  int64_t heads_kv;
  int64_t len_q; /* with cu_seqlens: of the longest sequence, or more */
  int64_t len_kv;
  int64_t total_q;     /* with cu_seqlens: tokens of query and output; else ignored */
  int64_t total_kv;    /* with cu_seqlens: tokens of key and value; else ignored */
  int64_t head_dim_qk; /* channels of query and key: 1 to 256 */
  int64_t head_dim_v;  /* channels of value and output: 1 to 256 */
  sageattention_tensor query;
  sageattention_tensor key;
  sageattention_tensor value;
  sageattention_tensor output;
  sageattention_mask mask; /* with cu_seqlens: [batch, heads_q, len_q, len_kv], from the first token of each sequence */
  const int32_t *cu_seqlens_q; /* [batch + 1] in device memory; NULL, like cu_seqlens_k: sequences of one length */
  const int32_t *cu_seqlens_k;
  float *lse;           /* natural logarithm, contiguous [batch, heads_q, len_q], with cu_seqlens [heads_q, total_q];
                           NULL: not written */
  float sm_scale;       /* multiplies query . key before the softmax */
  int32_t causality;    /* sageattention_causality */
  int32_t smooth_k;     /* non-zero: one vector per (batch, kv head) is subtracted from the keys before they are
                           quantized, and its share of the LSE added back; 0: the keys are quantized as they are */
  int32_t smooth_v;     /* non-zero: one vector per (batch, kv head) is subtracted from the values and added to the
                           output */
  int32_t value_format; /* sageattention_value_format */
  int32_t granularity;  /* sageattention_granularity */
  int32_t wgmma;        /* non-zero: FP8 values with fp32 sums run on wgmma where device and build allow it: on 9.0. V
                           then has a scale per channel and 128 keys. 0: always on mma.sync */
} sageattention_params;

/* Bytes of device workspace that sageattention_forward() needs for these parameters. No GPU needed. */
SAGEATTENTION_API sageattention_status sageattention_workspace_size(const sageattention_params *params, size_t *bytes);

/* Enqueues the call on `stream` (a cudaStream_t) of the current device. */
SAGEATTENTION_API sageattention_status sageattention_forward(const sageattention_params *params, void *workspace,
                                                             size_t workspace_bytes, void *stream);

/* Writes the name of the kernel that would run, e.g. "sm80_qk_int8_pv_f16_d128", zero terminated, into
 * `name`. No GPU needed when compute_capability is set. */
SAGEATTENTION_API sageattention_status sageattention_kernel_name(const sageattention_params *params, char *name,
                                                                 size_t name_bytes);

/* Message of the last failure in this thread, or "". */
SAGEATTENTION_API const char *sageattention_last_error(void);

/* Version of the library, e.g. "2.2.0". */
SAGEATTENTION_API const char *sageattention_version(void);

/* SAGEATTENTION_ABI_VERSION the library was built with. */
SAGEATTENTION_API int sageattention_abi_version(void);

/* CUDA toolkit the kernels were compiled with: 1000 * major + 10 * minor, e.g. 13000. */
SAGEATTENTION_API int sageattention_cuda_version(void);

/* Compute capabilities that machine code was compiled for, e.g. "8.0 9.0 10.0 12.0". */
SAGEATTENTION_API const char *sageattention_architectures(void);

#ifdef __cplusplus
}
#endif

#endif /* SAGEATTENTION_SAGEATTENTION_H_ */
