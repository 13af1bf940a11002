// Checks common/layout.h and common/formats.h on the CPU, against the PTX ISA written out in its own terms:
//   c++ -std=c++17 layout.cpp -o layout && ./layout
#include "../common/layout.h"
#include "../common/formats.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <vector>

using namespace sageattn3;

#define CHECK(condition)                                                                                               \
  if (!(condition)) {                                                                                                  \
    std::fprintf(stderr, "line %d: %s does not hold\n", __LINE__, #condition);                                         \
    std::exit(1);                                                                                                      \
  }

namespace {

// PTX ISA, "Matrix fragments for mma.m16n8k64": element i of a lane's A (32 of them), B (16), C (4).
void check_fragments() {
  std::set<std::pair<int, int>> seen_a, seen_b, seen_c;
  for (int lane = 0; lane < 32; ++lane) {
    const int group = lane >> 2, thread_in_group = lane % 4;
    for (int i = 0; i < 32; ++i) {
      const int row = i < 8 || (i >= 16 && i < 24) ? group : group + 8;
      const int column = i < 16 ? thread_in_group * 8 + (i & 7) : thread_in_group * 8 + (i & 7) + 32;
      const Place place = fragment_a(lane, i / 8, i % 8);
      CHECK(place.row == row && place.column == column);
      seen_a.insert({place.row, place.column});
    }
    for (int i = 0; i < 16; ++i) {
      const int row = i < 8 ? thread_in_group * 8 + (i & 7) : thread_in_group * 8 + (i & 7) + 32;
      const Place place = fragment_b(lane, i / 8, i % 8);
      CHECK(place.row == row && place.column == group);
      seen_b.insert({place.row, place.column});
    }
    for (int i = 0; i < 4; ++i) {
      const Place place = fragment_c(lane, i);
      CHECK(place.row == (i < 2 ? group : group + 8) && place.column == thread_in_group * 2 + (i & 1));
      seen_c.insert({place.row, place.column});
    }
  }
  CHECK(seen_a.size() == 16 * 64 && seen_b.size() == 64 * 8 && seen_c.size() == 16 * 8);
}

// PTX ISA, "Block scaling for mma.sync": with .scale_vec::4X, thread-id-a 0 selects the first pair of lanes of each
// quad, whose four bytes are the scales of rows group and group + 8; thread-id-b 0 selects the first lane.
void check_scales() {
  std::set<int> rows, columns;
  for (int lane = 0; lane < 32; ++lane) {
    if (lane % 4 < 2) {
      CHECK(scale_a_row(lane) == (lane >> 2) + 8 * (lane & 1));
      rows.insert(scale_a_row(lane));
    }
    if (lane % 4 == 0) {
      CHECK(scale_b_column(lane) == lane >> 2);
      columns.insert(scale_b_column(lane));
    }
  }
  CHECK(rows.size() == 16 && columns.size() == 8);
  for (int k = 0; k < 64; ++k) CHECK(scale_byte(k) == k >> 4);
}

// What a lane loads as 16 bytes are the registers of two neighbouring fragments of B.
void check_fp4_operand(int columns, int depth) {
  std::vector<int> written(columns * depth / 8);
  for (int column = 0; column < columns; ++column)
    for (int k = 0; k < depth; k += 8) ++written.at(fp4_word(column, k, columns));
  for (const int count : written) CHECK(count == 1);
  const int fragments = columns / 8;
  for (int step = 0; step < depth / 64; ++step)
    for (int n = 0; n < fragments; ++n)
      for (int lane = 0; lane < 32; ++lane)
        for (int reg = 0; reg < 2; ++reg) {
          const int loaded = ((step * fragments + n) / 2 * 32 + lane) * 4 + n % 2 * 2 + reg; // scores.cuh, softmax.cuh
          const Place place = fragment_b(lane, reg, 0);
          CHECK(fp4_word(8 * n + place.column, 64 * step + place.row, columns) == loaded);
        }
}

// One load of 16 bytes brings a lane the scales of its column in four neighbouring fragments.
void check_scale_words(int columns, int depth) {
  std::vector<int> written(columns * depth / 64);
  for (int column = 0; column < columns; ++column)
    for (int k = 0; k < depth; k += 64) ++written.at(scale_word(column, k, columns));
  for (const int count : written) CHECK(count == 1);
  const int fragments = columns / 8;
  for (int step = 0; step < depth / 64; ++step)
    for (int n = 0; n < fragments; ++n)
      for (int lane = 0; lane < 32; ++lane) {
        const int loaded = ((step * fragments + n / 4 * 4) * 2 + lane / 4) * 4 + n % 4;
        CHECK(scale_word(8 * n + scale_b_column(lane), 64 * step, columns) == loaded);
      }
}

// PTX ISA, "Matrix fragments for mma.m16n8k32", 8 bits: register r of B holds k = 4 threadID_in_group + 16 r .. + 3.
void check_int8_operand(int depth) {
  std::vector<int> written(kKeyBlock * depth / 4);
  for (int column = 0; column < kKeyBlock; ++column)
    for (int k = 0; k < depth; k += 4) ++written.at(int8_word(column, k, depth));
  for (const int count : written) CHECK(count == 1);
  for (int n = 0; n < kKeyBlock / 8; ++n)
    for (int step = 0; step < depth / 32; ++step)
      for (int lane = 0; lane < 32; ++lane)
        for (int reg = 0; reg < 2; ++reg) {
          const int loaded = ((n * (depth / 64) + step / 2) * 32 + lane) * 4 + step % 2 * 2 + reg; // scores.cuh
          CHECK(int8_word(8 * n + lane / 4, 32 * step + 4 * (lane % 4) + 16 * reg, depth) == loaded);
        }
}

// A lane's scores are its part of P: register r + 2 h of A takes the columns of score fragments 4 h .. 4 h + 3, row r.
void check_keys() {
  std::set<int> columns;
  for (int key = 0; key < kKeyBlock; ++key) columns.insert(key_column(key));
  CHECK(columns.size() == kKeyBlock && *columns.begin() == 0 && *columns.rbegin() == kKeyBlock - 1);
  for (int lane = 0; lane < 32; ++lane)
    for (int h = 0; h < 2; ++h)
      for (int r = 0; r < 2; ++r)
        for (int i = 0; i < 8; ++i) {
          const int n = 4 * h + i / 2;
          const Place score = fragment_c(lane, 2 * r + i % 2), probability = fragment_a(lane, r + 2 * h, i);
          const int key = key_of(lane, n, i % 2);
          CHECK(key_column(key) == 8 * n + score.column);
          CHECK(probability.row == score.row && probability.column == key);
        }
}

float nearest(const std::vector<float> &table, double x) { // ties to the even code
  size_t best = 0;
  for (size_t code = 1; code < table.size(); ++code) {
    const double closer = std::fabs(table[best] - x) - std::fabs(table[code] - x);
    if (closer > 0 || (closer == 0 && code % 2 == 0)) best = code;
  }
  return table[best];
}

void check_formats() {
  const std::vector<float> e2m1 = {0.0f, 0.5f, 1.0f, 1.5f, 2.0f, 3.0f, 4.0f, 6.0f};
  std::vector<float> e4m3; // OCP 8-bit floating point: bias 7, no infinity, 0x7f is NaN
  for (int code = 0; code < 0x7f; ++code)
    e4m3.push_back(code < 8 ? std::ldexp(code, -9) : std::ldexp(8 + code % 8, code / 8 - 10));
  for (int code = 0; code < 0x7f; ++code) {
    CHECK(decode_e4m3(code) == e4m3[code]);
    CHECK(encode_e4m3(e4m3[code]) == static_cast<uint32_t>(code));
  }
  CHECK(std::isnan(decode_e4m3(kNanE4m3)) && encode_e4m3(NAN) == kNanE4m3 && encode_e4m3(INFINITY) == 0x7e);

  const auto check = [&](float x) {
    CHECK(e2m1[encode_e2m1(x) & 7] == nearest(e2m1, x) && encode_e2m1(x) >> 3 == 0);
    CHECK((encode_e2m1(-x) & 7) == (encode_e2m1(x) & 7) && encode_e2m1(-x) >> 3 == 1);
    CHECK(e4m3[encode_e4m3(x)] == nearest(e4m3, x));
  };
  const auto check_around = [&](float x) {
    check(x), check(std::nextafter(x, 0.0f)), check(std::nextafter(x, INFINITY));
  };
  for (const auto &table : {e2m1, e4m3})
    for (size_t code = 1; code < table.size(); ++code) {
      check_around(table[code]);
      check_around((table[code] + table[code - 1]) / 2); // ties
    }
  for (int i = 0; i < 20000; ++i) check(std::exp2(-12.0f + 22.0f * i / 20000)); // 2^-12 to 2^10

  for (float absmax : {1e-45f, 1e-30f, 0.7f, 1.0f, 1023.9f, 3e20f}) {
    const float factor = power_of_two_factor(absmax), scaled = absmax * factor;
    CHECK(factor * reciprocal_of_power(factor) == 1.0f);
    CHECK(absmax < 1e-29f || (scaled >= 1024.0f && scaled < 2048.0f));
  }
}

} // namespace

int main() {
  check_fragments();
  check_scales();
  for (const int tile_dim : {64, 128, 256}) {
    check_fp4_operand(kKeyBlock, tile_dim); // keys
    check_fp4_operand(tile_dim, kKeyBlock); // values
    check_scale_words(kKeyBlock, tile_dim);
    check_scale_words(tile_dim, kKeyBlock);
    check_int8_operand(tile_dim);
  }
  check_keys();
  check_formats();
  std::puts("layouts and formats agree with the PTX ISA");
}
