/** SVG path data for wires that run in right angles with rounded corners. */

export interface Point {
  x: number;
  y: number;
}

const round = (value: number): number => Math.round(value * 100) / 100;

/** A line through `points`, its corners rounded by at most `radius` and never by more than half of a leg. Fewer than two points: empty. */
export function elbow(points: readonly Point[], radius: number): string {
  // A corner between two points in one place, or on one line, is none.
  const corners = points.filter((point, at) => at === 0 || point.x !== points[at - 1]?.x || point.y !== points[at - 1]?.y);
  const [start] = corners;
  if (!start || corners.length < 2) return '';
  const parts = [`M${round(start.x)} ${round(start.y)}`];
  for (let at = 1; at < corners.length; at++) {
    const [before, corner, after] = [corners[at - 1], corners[at], corners[at + 1]];
    if (!before || !corner) break;
    if (!after) {
      parts.push(`L${round(corner.x)} ${round(corner.y)}`);
      break;
    }
    const legs = [Math.hypot(corner.x - before.x, corner.y - before.y), Math.hypot(after.x - corner.x, after.y - corner.y)] as const;
    const cut = Math.min(radius, legs[0] / 2, legs[1] / 2);
    const towards = (from: Point, to: Point, leg: number): string =>
      `${round(from.x + ((to.x - from.x) / leg) * cut)} ${round(from.y + ((to.y - from.y) / leg) * cut)}`;
    parts.push(`L${towards(corner, before, legs[0])}`, `Q${round(corner.x)} ${round(corner.y)} ${towards(corner, after, legs[1])}`);
  }
  return parts.join('');
}
