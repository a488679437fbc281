#include <rtseq/seqlocked.hpp>

struct point {
  double x, y;
};

int main() {
  rtseq::seqlocked<point> where{point{1, 2}};
  where.store({3, 4});
  const point now = where.load();
  return now.x + now.y == 7 ? 0 : 1;
}
