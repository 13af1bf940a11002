// Where things lie: the fragments of the block-scaled matrix instruction, and the records that keys and values are
// stored in. Plain C++ and constexpr: tests/layout.cpp checks it against the tables of the PTX ISA.
#pragma once

#include <cstdint>

#if defined(__CUDACC__)
#define SAGEATTN3_EVERYWHERE __host__ __device__
#else
#define SAGEATTN3_EVERYWHERE
#endif

namespace sageattn3 {

constexpr int kGroup = 16;       // elements that share an e4m3 scale
constexpr int kKeyBlock = 64;    // keys of a record: the depth of one matrix instruction, and a step of the softmax
constexpr int kQueryBlock = 128; // query rows of a tile, which share a mean

struct Place {
  int row, column;
};

// ---- mma.m16n8k64, e2m1 (PTX ISA, "Matrix fragments for mma.m16n8k64") ----------------------------------------------
// Registers hold 8 elements, the first in the lowest bits. A: 16 rows, k; B: k, 8 columns; C: 16 x 8 in fp32.
SAGEATTN3_EVERYWHERE constexpr Place fragment_a(int lane, int reg, int i) {
  return {lane / 4 + reg % 2 * 8, lane % 4 * 8 + reg / 2 * 32 + i};
}
SAGEATTN3_EVERYWHERE constexpr Place fragment_b(int lane, int reg, int i) {
  return {lane % 4 * 8 + reg * 32 + i, lane / 4};
}
SAGEATTN3_EVERYWHERE constexpr Place fragment_c(int lane, int reg) {
  return {lane / 4 + reg / 2 * 8, lane % 4 * 2 + reg % 2};
}
// Scales, .scale_vec::4X: byte i of a register belongs to k = 16 i .. 16 i + 15. With thread-id 0 the row of A comes
// from the first two lanes of each quad, the column of B from the first one (PTX ISA, "Block scaling for mma.sync").
SAGEATTN3_EVERYWHERE constexpr int scale_a_row(int lane) { return lane / 4 + lane % 2 * 8; }
SAGEATTN3_EVERYWHERE constexpr int scale_b_column(int lane) { return lane / 4; }
SAGEATTN3_EVERYWHERE constexpr int scale_byte(int k) { return k / kGroup; }

// ---- Records
// --------------------------------------------------------------------------------------------------------- What lane
// `lane` loads as 16 bytes are four consecutive registers of its B fragments: neighbouring lanes, neighbouring
// addresses, no bank conflicts. Index of a 32-bit word:
SAGEATTN3_EVERYWHERE constexpr int fragment_word(int reg, int lane) { return reg / 4 * 128 + lane * 4 + reg % 4; }

// The word that holds the 8 elements (column, k .. k + 7) of an FP4 B operand with `columns` columns; k in multiples
// of 8.
SAGEATTN3_EVERYWHERE constexpr int fp4_word(int column, int k, int columns) {
  return fragment_word((k / 64 * (columns / 8) + column / 8) * 2 + k % 64 / 32, column % 8 * 4 + k % 32 / 8);
}
// The word that holds the scales of (column, 64 steps of k): four neighbouring fragments lie together.
SAGEATTN3_EVERYWHERE constexpr int scale_word(int column, int k, int columns) {
  return k / 64 * columns + column / 32 * 32 + column % 8 * 4 + column / 8 % 4;
}
// The word that holds the 4 elements (column, k .. k + 3) of an INT8 B operand of m16n8k32, whose lanes hold
// k = 4 (lane % 4) + 16 register.
SAGEATTN3_EVERYWHERE constexpr int int8_word(int column, int k, int depth) {
  return fragment_word((column / 8 * (depth / 32) + k / 32) * 2 + k % 32 / 16, column % 8 * 4 + k % 16 / 4);
}

// Keys take such columns of the scores that a lane ends up with 8 consecutive keys per register of P: the fragment C of
// the first product is the fragment A of the second one, without a shuffle.
SAGEATTN3_EVERYWHERE constexpr int key_column(int key) {
  return key / 32 * 32 + key % 8 / 2 * 8 + key % 32 / 8 * 2 + key % 2;
}
// The key of accumulator element i (0, 1: the columns of a row) of score fragment n.
SAGEATTN3_EVERYWHERE constexpr int key_of(int lane, int n, int i) { return n / 4 * 32 + lane % 4 * 8 + n % 4 * 2 + i; }

// 64 keys and their values, ready to be copied to shared memory as they are.
template <int kTileDim> struct alignas(16) Record {
  uint32_t key[kKeyBlock * kTileDim / 8];   // FP4, columns are keys, k is the channel
  uint32_t value[kKeyBlock * kTileDim / 8]; // FP4, columns are channels, k is the key
  uint32_t key_scale[kKeyBlock * kTileDim / 64];
  uint32_t value_scale[kTileDim];
  uint32_t key_int8[kKeyBlock * kTileDim / 4]; // for the product with the query mean
  float key_int8_scale[kKeyBlock];             // by column
};

} // namespace sageattn3
