"""Small odd shapes through every kernel family, for compute-sanitizer: exits 0 when they ran."""

import os

import torch
from attention import gpu_checks, gpu_checks_decode, gpu_checks_wgmma

os.environ["SAGEATTENTION_KERNEL"] = "fp16"
gpu_checks.sweep_small_shapes()
gpu_checks_decode.sweep_small_shapes()
if torch.cuda.get_device_capability() == (9, 0):
    gpu_checks_wgmma.sweep_small_shapes()
print("swept")
