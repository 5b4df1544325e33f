# The four ways to build: cmake -B DIR -D BERTH_PRESET=release|debug|asan|tsan
set(BERTH_PRESET release CACHE STRING "release, debug, asan (address + undefined behaviour) or tsan")
set_property(CACHE BERTH_PRESET PROPERTY STRINGS release debug asan tsan)

if(BERTH_PRESET STREQUAL release)
  set(CMAKE_BUILD_TYPE Release)
  # -O3 buys nothing measurable here, and g++ 12 warns of its own vectors there.
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
elseif(BERTH_PRESET STREQUAL debug)
  set(CMAKE_BUILD_TYPE Debug)
elseif(BERTH_PRESET STREQUAL asan)
  set(CMAKE_BUILD_TYPE Debug)
  # Lines are all that a report shows.
  set(CMAKE_CXX_FLAGS_DEBUG "-g1")
  # CAF's own headers bind a null reference at each function-based spawn: harmless, and not ours to mend.
  # g++ 12 sees uninitialized members in the standard library's <regex> when it is sanitized.
  add_compile_options(-O1 -fno-omit-frame-pointer -Wno-maybe-uninitialized -fsanitize=address,undefined -fno-sanitize=null -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
elseif(BERTH_PRESET STREQUAL tsan)
  set(CMAKE_BUILD_TYPE Debug)
  set(CMAKE_CXX_FLAGS_DEBUG "-g1")
  add_compile_options(-O1 -fno-omit-frame-pointer -Wno-maybe-uninitialized -Wno-tsan -fsanitize=thread)
  add_link_options(-fsanitize=thread)
else()
  message(FATAL_ERROR "BERTH_PRESET is '${BERTH_PRESET}': use release, debug, asan or tsan")
endif()

# For what has much code and little to do: with a sanitizer, optimizing it takes longer than it saves.
function(berth_optimize_unless_sanitized target)
  if(BERTH_PRESET MATCHES "san$")
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()

# For test code, which is mostly other people's templates and never hot: optimizing it takes two to three times as long
# as compiling, and so does looking for undefined behaviour in it. That is looked for in what is tested.
function(berth_compile_quickly target)
  target_compile_options(${target} PRIVATE -O0 -fno-sanitize=undefined)
endfunction()

# For a program that only looks at the daemon from outside: sanitizing the looker shows nothing. (Under the thread
# sanitizer all of a process has to be instrumented.)
function(berth_compile_as_onlooker target)
  berth_compile_quickly(${target})
  if(BERTH_PRESET STREQUAL asan)
    target_compile_options(${target} PRIVATE -fno-sanitize=all)
    target_compile_definitions(${target} PRIVATE BERTH_SANITIZED)
  endif()
endfunction()

# Templates of CAF, Asio and Catch2 are most of what is compiled, once for each file that uses them. A room at a time takes
# half of that, which is what a machine wants that always builds everything; who changes one file does not.
option(BERTH_UNITY "compile each room as one file" OFF)
function(berth_compile_by_room target)
  if(NOT BERTH_UNITY)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  foreach(source ${sources})
    cmake_path(GET source PARENT_PATH room)
    cmake_path(RELATIVE_PATH room BASE_DIRECTORY ${PROJECT_SOURCE_DIR})
    string(MAKE_C_IDENTIFIER "${room}" room)
    # A large one in several parts, for the memory and for machines with more processors.
    math(EXPR part "0${count_of_${room}} / 12")
    math(EXPR count_of_${room} "0${count_of_${room}} + 1")
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${room}_${part})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()
