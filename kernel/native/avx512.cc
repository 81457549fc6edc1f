#include "tasks.h"
#include "vector-avx512.h"

namespace cipherfilm {

void performAvx512(uint8_t* memory, uint32_t task, Address ring, Address args, uint32_t unit, uint32_t thread) {
  Tasks<Avx512>::perform(memory, task, ring, args, unit, thread);
}

}  // namespace cipherfilm
