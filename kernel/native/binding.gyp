{
  "variables": {
    "arithmetic": ["-O3", "-std=c++17", "-Wall", "-Wextra", "-fno-strict-aliasing", "-ffp-contract=off"]
  },
  "target_defaults": {
    "cflags_cc": ["<@(arithmetic)"],
    "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["<@(arithmetic)"] },
    "msvs_settings": { "VCCLCompilerTool": { "AdditionalOptions": ["/std:c++17", "/O2", "/fp:precise"] } }
  },
  "targets": [
    {
      "target_name": "avx2",
      "type": "static_library",
      "sources": ["avx2.cc"],
      "cflags_cc": ["-mavx2"],
      "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["-mavx2"] },
      "msvs_settings": { "VCCLCompilerTool": { "AdditionalOptions": ["/arch:AVX2"] } }
    },
    {
      "target_name": "avx512",
      "type": "static_library",
      "sources": ["avx512.cc"],
      # GCC 12 warns about its own headers.
      "cflags_cc": ["-mavx512f", "-mavx512dq", "-mprefer-vector-width=512", "-Wno-uninitialized", "-Wno-maybe-uninitialized"],
      "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["-mavx512f", "-mavx512dq"] },
      "msvs_settings": { "VCCLCompilerTool": { "AdditionalOptions": ["/arch:AVX512"] } }
    },
    {
      "target_name": "kernel",
      "sources": ["addon.cc"],
      # Starting a thread may throw.
      "cflags_cc!": ["-fno-exceptions"],
      "cflags_cc": ["-fexceptions"],
      "xcode_settings": { "GCC_ENABLE_CPP_EXCEPTIONS": "YES" },
      "dependencies": ["avx2", "avx512"],
      "defines": ["NAPI_VERSION=8"]
    }
  ]
}
