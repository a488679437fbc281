#include "headers.hpp"

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>

namespace rtseq::rt {
namespace {

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

const std::regex comment_line(R"(^\s*// ?(.*))");
// At namespace scope, or a member of a class there.
const std::regex function_line(
    R"(^(?:  )?(?:\[\[.*?\]\] )?(?:decltype\(auto\) |[A-Za-z_][^=(]*[ &*>])([a-z_]\w*)\(.*)");
const std::regex class_line(R"(^(?:  )?(?:class|struct) .*?([a-z_]\w*)(?: : [^:].*)? \{$)");

// The group of comment lines that ends above line `i`, as one; `i` is then its first line.
std::string comment_above(const std::vector<std::string>& lines, std::size_t& i) {
  std::string group;
  for (std::smatch text; i != 0 && std::regex_match(lines[i - 1], text, comment_line); --i)
    group.insert(0, text[1].str() + " ");
  return group;
}

std::string nearest_comment(const std::vector<std::string>& lines, std::size_t i,
                            const std::function<bool(const std::string&)>& speaks) {
  while (i != 0) {
    const std::string group = comment_above(lines, i);
    if (speaks(group)) return group;
    if (i != 0) --i;
  }
  return "";
}

std::string comment_of_class(const std::vector<std::string>& lines, std::size_t i,
                             const std::function<bool(const std::string&)>& speaks) {
  while (i != 0 && lines[i - 1].find("template ") != std::string::npos) --i;
  const std::string group = comment_above(lines, i);
  return speaks(group) ? group : "";
}

}  // namespace

std::vector<declaration> declarations_in(const std::string& path,
                                         const std::function<bool(const std::string& comment)>& speaks) {
  const std::vector<std::string> lines = lines_of(path);
  std::vector<declaration> result;
  std::set<std::string> classes;
  bool is_public = true;
  int in_detail = 0;  // braces
  for (std::size_t i = 0; i != lines.size(); ++i) {
    const std::string& line = lines[i];
    std::smatch match;
    if (in_detail != 0 || line == "namespace detail {") {
      in_detail += static_cast<int>(std::count(line.begin(), line.end(), '{'));
      in_detail -= static_cast<int>(std::count(line.begin(), line.end(), '}'));
      continue;
    }
    if (line == " public:" || line.starts_with("};")) is_public = true;
    if (line == " private:" || line == " protected:") is_public = false;
    const bool is_class = std::regex_match(line, match, class_line);
    if (is_class && line[0] != ' ') is_public = line.starts_with("struct");
    if (std::regex_match(line, comment_line)) continue;
    if (is_class) {
      classes.insert(match[1]);
      if (line[0] != ' ' || is_public) result.push_back({match[1], true, comment_of_class(lines, i, speaks)});
    } else if (is_public && std::regex_match(line, match, function_line)) {
      const std::string name = match[1];
      if (name != "operator" && !classes.contains(name) && !name.starts_with("lockdep_"))
        result.push_back({name, false, nearest_comment(lines, i, speaks)});
    }
  }
  return result;
}

}  // namespace rtseq::rt
