// Two servers, or two builds, under the same load in turn: a ratio that outlives the moods of a shared machine.
#pragma once

namespace berth::bench {

/// berth-bench compare --a "OPTIONS" --b "OPTIONS" COMMAND [options]: runs COMMAND with the options of a and of b
/// alternately, a process each, and prints medians and their ratio. `argv[0]` is "compare". Returns the exit code.
int compare(int argc, char** argv);

}  // namespace berth::bench
