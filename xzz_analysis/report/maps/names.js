// Names of communities, and of places where there is room: none over another, none over a symbol (dots may be under the name of an area).
const writeNames = shown => {
  shown.names.replaceChildren();
  const pen = shown.pen || (shown.pen = make("canvas").getContext("2d"));
  pen.font = `12px ${getComputedStyle(shown.view).fontFamily}`;
  const size = shown.map.getSize(), taken = [];
  const free = box => !taken.some(other => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3]);
  const inside = box => box[0] >= 0 && box[1] >= 0 && box[2] <= size.x && box[3] <= size.y;
  const put = (text, className, boxes) => {
    const box = boxes.find(one => inside(one) && free(one));
    if (!box) return;
    taken.push(box);
    const name = make("span", className, text);
    const corner = shown.map.containerPointToLayerPoint([box[0], box[1]]);
    L.DomUtil.setPosition(name, corner);
    shown.names.append(name);
  };
  const seen = (shown.places || []).filter(place => !place.layer.off)
    .map(place => [place, shown.map.latLngToContainerPoint(place.where)])
    .filter(([, at]) => at.x > -10 && at.y > -10 && at.x < size.x + 10 && at.y < size.y + 10);
  const radius = (shown.radius || 0) + 2, corner = shown.view.getBoundingClientRect();
  for (const control of shown.view.querySelectorAll(".leaflet-control")) {
    const box = control.getBoundingClientRect();
    taken.push([box.left - corner.left, box.top - corner.top, box.right - corner.left, box.bottom - corner.top]);
  }
  if (radius >= 9) for (const [, at] of seen) taken.push([at.x - radius, at.y - radius, at.x + radius, at.y + radius]);
  if (shown.areas.length && shown.data.areas.named) shown.areas.forEach((layer, index) => {
    const text = shown.data.areas.names[index], at = shown.map.latLngToContainerPoint(shown.centres[index]);
    const wide = pen.measureText(text).width * 1.1 + 8, box = layer.getBounds();
    const across = shown.map.latLngToContainerPoint(box.getNorthEast()).x - shown.map.latLngToContainerPoint(box.getSouthWest()).x;
    if (wide > 1.3 * across && shown.areas.length > FEW && !shown.data.schematic) return;
    const boxes = [0, -16, 16, -32, 32, -48, 48].map(down => [at.x - wide / 2, at.y - 9 + down, at.x + wide / 2, at.y + 9 + down]);
    put(text, "map-name-area", boxes);
  });
  if (radius < 9 || seen.length > LABELS) return;
  for (const [place, at] of seen) {
    const wide = pen.measureText(place.name).width + 6;
    put(place.name, "map-name", [
      [at.x + radius, at.y - 8, at.x + radius + wide, at.y + 8], [at.x - radius - wide, at.y - 8, at.x - radius, at.y + 8],
      [at.x - wide / 2, at.y + radius, at.x + wide / 2, at.y + radius + 16],
      [at.x - wide / 2, at.y - radius - 16, at.x + wide / 2, at.y - radius],
    ]);
  }
};
