#include "tasks.h"
#include "vector-avx2.h"

namespace cipherfilm {

/**
 * Does one unit of a task with AVX2. This file alone is compiled for AVX2, so that no such instruction runs elsewhere.
 */
void performAvx2(uint8_t* memory, uint32_t task, Address ring, Address args, uint32_t unit, uint32_t thread) {
  Tasks<Avx2>::perform(memory, task, ring, args, unit, thread);
}

}  // namespace cipherfilm
