#include "text_file.hpp"

#include <absl/cleanup/cleanup.h>
#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace zonelist {

std::string printable(const std::string& text) {
  constexpr std::size_t longest_quote = 300;
  if (text.size() <= longest_quote) return absl::CHexEscape(text);
  return absl::StrCat(absl::CHexEscape(text.substr(0, longest_quote)), "...");
}

absl::Status bad_input(const std::string& file, const std::string& expected, const std::string& got) {
  return absl::InvalidArgumentError(absl::StrCat(printable(file), ": expected ", expected, ", got ", got));
}

absl::StatusOr<std::string> read_text_file(const std::string& path, const std::string& expected,
                                           std::size_t limit_bytes) {
  // O_NONBLOCK: opening a FIFO must not wait for its writer.
  const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    const int error = errno;
    const absl::Status status = bad_input(path, expected, std::strerror(error));
    return error == ENOENT ? absl::NotFoundError(status.message()) : status;
  }
  const absl::Cleanup close_file = [fd] { ::close(fd); };

  struct stat info {};
  if (::fstat(fd, &info) != 0) return bad_input(path, expected, std::strerror(errno));
  if (S_ISDIR(info.st_mode)) return bad_input(path, expected, "a directory");
  if (!S_ISREG(info.st_mode)) return bad_input(path, expected, "something that is not a regular file");

  // The size is not asked for: files of sysfs and procfs do not know theirs.
  std::string text;
  char buffer[1 << 14];
  for (;;) {
    const ssize_t bytes = ::read(fd, buffer, sizeof buffer);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return bad_input(path, expected, std::strerror(errno));
    if (bytes == 0) return absl::StrReplaceAll(text, {{"\r\n", "\n"}});
    text.append(buffer, static_cast<std::size_t>(bytes));
    if (text.size() > limit_bytes) {
      return bad_input(path, expected, absl::StrCat("more than ", limit_bytes, " bytes"));
    }
  }
}

}  // namespace zonelist
