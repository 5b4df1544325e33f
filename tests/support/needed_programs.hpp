// The programs of others that tests start: where they are, or what to install.
#pragma once

#include <string>

namespace berth::tests {

/// Throws a sentence that names the program, and the package that brings it, if it is not on the PATH. A test that can
/// not do what it is for has failed.
void need_program(const std::string& name);

/// The browser that the tests play with: what BERTH_BROWSER names, else Debian's. Throws if it is not there.
std::string needed_browser();

}  // namespace berth::tests
