// One small text file, read whole: sysfs attributes, /proc/zoneinfo.
//
// Never blocks and never reads without end: what is not a regular file (a FIFO, a device, a directory) is
// refused, and so is a file past the limit. Lines that end with CRLF, in a copy that another system made, are
// read as if they ended with LF: here, once for all files.
#ifndef ZONELIST_TEXT_FILE_HPP
#define ZONELIST_TEXT_FILE_HPP

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstddef>
#include <string>

namespace zonelist {

// A path or a piece of a file as it may stand in a one-line message: escaped, and shortened if it is long.
std::string printable(const std::string& text);

// The one form of all messages about input: "FILE: expected WHAT, got GOT" (InvalidArgument).
absl::Status bad_input(const std::string& file, const std::string& expected, const std::string& got);

// NotFound if there is no such file, InvalidArgument if it cannot be read; both name it and `expected`.
absl::StatusOr<std::string> read_text_file(const std::string& path, const std::string& expected,
                                           std::size_t limit_bytes);

}  // namespace zonelist

#endif
