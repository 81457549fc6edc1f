#include "tasks.h"
#include "vector-avx512.h"

namespace cipherfilm {

/**
 * Does one unit of a task with AVX-512. This file alone is compiled for AVX-512, so that no such instruction runs
 * elsewhere.
 */
void performAvx512(uint8_t* memory, uint32_t task, Address ring, Address args, uint32_t unit, uint32_t thread) {
  Tasks<Avx512>::perform(memory, task, ring, args, unit, thread);
}

}  // namespace cipherfilm
