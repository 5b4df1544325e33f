# Fails on a header that can be read twice, and on an include against the arrows net <- actors <- api. The distribution
# puts CAF, Boost and simdjson into the system's include folder, where no link visibility can hide them: this look at the
# sources is the gate.
#   cmake -D ROOT=... -P includes.cmake
function(forbid folder pattern)
  file(GLOB_RECURSE files ${ROOT}/${folder}/*.hpp ${ROOT}/${folder}/*.cpp)
  list(LENGTH files count)
  if(count EQUAL 0)
    message(FATAL_ERROR "no sources in ${ROOT}/${folder}")
  endif()
  foreach(file ${files})
    file(STRINGS ${file} lines REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"](${pattern})")
    foreach(line ${lines})
      message(SEND_ERROR "${file}: ${line}")
    endforeach()
  endforeach()
endfunction()

# A header is read once, however often it is included.
file(GLOB_RECURSE headers ${ROOT}/net/*.hpp ${ROOT}/actors/*.hpp ${ROOT}/api/*.hpp ${ROOT}/bench/*.hpp ${ROOT}/tests/*.hpp)
foreach(header ${headers})
  file(STRINGS ${header} once REGEX "^#pragma once$" LIMIT_COUNT 1)
  if(NOT once)
    message(SEND_ERROR "${header}: no #pragma once")
  endif()
endforeach()

forbid(net "caf/|boost/|simdjson|spdlog|prometheus|actors/|api/|tests/|bench/")
forbid(actors "boost/|simdjson|spdlog|prometheus|openssl|api/|tests/|bench/")
forbid(api "tests/|bench/")
