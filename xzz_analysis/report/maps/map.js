// One map of a page: drawn by Leaflet, listed beside it, filtered by what the reader asks.
class ResourceMap {
  constructor(root) {
    this.root = root;
    this.data = JSON.parse(root.querySelector("script").textContent);
    this.words = this.data.words;
    this.view = root.querySelector(".map-view");
    this.live = root.querySelector(".map-live");
    this.list = root.querySelector(".map-list ul");
    this.start();
    this.drawAreas();
    this.drawLines();
    if (this.data.places) this.drawPlaces();
    this.home();
    this.nameThings();
    this.listen();
    this.update();
  }

  // The empty map with its controls, in the language of the page.
  start() {
    const { words, data } = this;
    this.map = L.map(this.view, {
      preferCanvas: true, attributionControl: false, zoomControl: false, zoomSnap: 0.25, scrollWheelZoom: false,
      crs: data.schematic ? L.CRS.Simple : L.CRS.EPSG3857, minZoom: -10, fadeAnimation: false, maxBoundsViscosity: 0.8,
      renderer: L.canvas({ padding: 0.3, tolerance: 3 }),
    });
    L.control.zoom({ zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(this.map);
    if (!data.schematic) {
      const Scale = L.Control.Scale.extend({
        _updateMetric(most) {
          const metres = this._getRoundNum(most), far = metres >= 1000;
          const text = fill(far ? words.kilometres : words.metres, { count: far ? metres / 1000 : metres });
          this._updateScale(this._mScale, text, metres / most);
        },
      });
      new Scale({ imperial: false, maxWidth: 120 }).addTo(this.map);
      const north = L.control({ position: "topright" });
      north.onAdd = () => {
        const box = make("div", "map-north", words.north);
        box.prepend(make("span", "map-arrow"));
        return box;
      };
      north.addTo(this.map);
    }
    const [west, south, east, top] = data.extent.map(step => step / STEPS);
    this.bounds = L.latLngBounds([[south, west], [top, east]]);
    this.names = make("div", "leaflet-zoom-hide map-names");
    this.map.getPane("overlayPane").parentNode.insertBefore(this.names, this.map.getPane("shadowPane"));
    this.popup = L.popup({ maxWidth: 280, minWidth: 190, autoPanPadding: [12, 12], className: "map-popup" });
    this.tip = L.tooltip({ direction: "top", className: "map-tip" });
  }

  drawAreas() {
    const { areas, classes } = this.data;
    this.areas = [];
    if (!areas) return;
    const paints = classes.map(([colour, hatched]) => hatched ? hatching() : colour);
    this.centres = points(areas.centres);
    this.areas = areas.rings.map((parts, at) => {
      const place = areas.class[at], plainArea = place === NO_FIGURE;
      const layer = L.polygon(parts.map(rings => rings.map(points)), {
        weight: areas.rings.length > MANY_AREAS ? 0.7 : 1.5, color: "#555", fillColor: plainArea ? (classes.length ? "#fff" : "#eef2f6") : paints[place],
        fillOpacity: plainArea ? 0.7 : 0.9,
      });
      layer.on("click", event => this.openArea(at, event.latlng));
      layer.on("mousemove", event => this.hint(this.areaText(at), event.latlng, 0));
      layer.on("mouseout", () => this.tip.remove());
      return layer.addTo(this.map);
    });
  }

  drawLines() {
    const style = { weight: 1, color: "#a9afb8", interactive: false };
    const lines = this.data.lines.map(points);
    if (lines.length) L.polyline(lines, style).addTo(this.map);
  }

  drawPlaces() {
    const { places, words } = this.data;
    const count = places.names.length;
    const texts = Object.fromEntries(Object.entries(places.texts).map(([name, coded]) => [name, column(coded, count)]));
    const [kinds, domains, vouchers, verified] = ["category", "domain", "voucher", "verified"].map(name => numbers(places[name], count));
    const meant = column(places.for, count);
    for (const category of places.categories) category.drawn = new Path2D(category.path);
    this.places = points(places.xy).map((where, at) => {
      const text = name => texts[name] ? texts[name][at] : "";
      const place = {
        where, name: places.names[at], kind: kinds[at], category: places.categories[kinds[at]], domain: domains[at],
        voucher: vouchers[at], verified: verified[at], for: meant[at], text,
      };
      place.words = plain([place.name, place.category.label, text("address"), place.for].join(" "));
      place.layer = new Place(where, { radius: 9 });
      Object.assign(place.layer, { category: place.category, place });
      return place;
    });
    const order = new Intl.Collator(this.data.locale === "zh" ? "zh-Hans-CN" : this.data.locale);
    this.sorted = [...this.places].sort((one, other) => order.compare(one.name, other.name));
    const group = L.featureGroup(this.places.map(place => place.layer)).addTo(this.map);
    group.on("click", event => { L.DomEvent.stopPropagation(event); this.openNear(event.layer.place); });
    group.on("mouseover", event => this.hint(make("span", "", event.layer.place.name), event.layer.getLatLng(), -8));
    group.on("mouseout", () => this.tip.remove());
  }

  home() {
    this.map.fitBounds(this.bounds, { padding: [14, 14], animate: false });
    this.wide = this.map.getZoom();
    this.map.setMinZoom(this.wide - 1).setMaxZoom(this.data.schematic ? this.wide + 3 : Math.max(19, this.wide + 3));
    this.map.setMaxBounds(this.bounds.pad(0.6));
  }

  // Discs grow with the zoom where there are many.
  resize() {
    if (!this.places) return;
    const room = this.map.getSize(), closer = this.map.getZoom() - this.wide;
    const dense = this.places.length / (room.x * room.y / 10000);
    const radius = Math.max(3, Math.min(10, (dense < 4 ? 9 : 12 / Math.sqrt(dense) + 1) + 1.5 * Math.max(0, closer)));
    if (radius === this.radius) return;
    this.radius = radius;
    for (const place of this.places) place.layer.setRadius(radius);
  }

  nameThings() {
    this.resize();
    writeNames(this);
  }

  areaText(at) {
    const box = make("span"), text = this.data.areas.texts[at];
    box.append(make("strong", "", this.data.areas.names[at]));
    if (text) box.append(make("br"), text);
    return box;
  }

  hint(content, where, above) {
    this.tip.options.offset = L.point(0, above);
    this.tip.setContent(content).setLatLng(where);
    if (!this.map.hasLayer(this.tip)) this.tip.addTo(this.map);
  }

  // What is known of a place, as terms and their values.
  card(place) {
    const list = make("dl", "map-facts");
    const { domains } = this.data.places;
    const join = this.data.locale === "zh" ? "、" : ", ";
    const by = place.text("verified_by"), on = place.text("verified_on");
    const said = {
      category: place.category.label,
      domain: domains.filter((_, bit) => place.domain >> bit & 1).join(join),
      for: place.for,
      voucher: this.data.vouchers[place.voucher],
      verified: place.verified && (by || on) ? by && on ? fill(this.data.verified.yes, { by, on }) : by || on : this.data.verified.no,
    };
    for (const [name, label] of this.data.facts) {
      const text = name in said ? said[name] : place.text(name);
      if (!text) continue;
      const row = make("div", name === "verified" && !place.verified ? "map-unverified" : "");
      row.append(make("dt", "", label), make("dd", "", text));
      list.append(row);
    }
    return list;
  }

  openArea(at, where) {
    const box = make("div");
    box.append(make("h4", "", this.data.areas.names[at]));
    const text = this.data.areas.texts[at];
    if (text) box.append(make("p", "", text));
    this.open(box, this.data.areas.names[at], where, 0);
  }

  // Places under one press of the finger are offered by name.
  openNear(place) {
    const at = this.map.latLngToLayerPoint(place.where);
    const near = this.sorted.filter(other => !other.layer.off && at.distanceTo(this.map.latLngToLayerPoint(other.where)) < this.radius);
    if (near.length < 2) return this.openPlace(place);
    const box = make("div");
    box.append(make("h4", "", fill(this.words.shown, { shown: near.length, all: this.places.length })));
    for (const other of near.slice(0, 30)) {
      const button = make("button", "map-choice");
      button.type = "button";
      button.append(icon(other.category), make("span", "", other.name));
      button.onclick = event => { event.stopPropagation(); this.openPlace(other, true); };
      box.append(button);
    }
    this.open(box, this.words.list, place.where, -this.radius);
  }

  openPlace(place, focus = false) {
    const box = make("div");
    box.append(make("h4", "", place.name), this.card(place));
    this.open(box, place.name, place.where, -this.radius, focus);
  }

  open(content, name, where, above, focus = false) {
    this.tip.remove();
    this.popup.options.offset = L.point(0, above + 6);
    this.popup.setContent(content).setLatLng(where).openOn(this.map);
    const box = this.popup.getElement();
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-label", name);
    box.tabIndex = -1;
    const close = box.querySelector(".leaflet-popup-close-button");
    close.setAttribute("aria-label", this.words.close);
    close.title = this.words.close;
    if (focus) box.focus({ preventScroll: true });
    box.onkeydown = event => { if (event.key === "Escape") { event.stopPropagation(); this.map.closePopup(); } };
  }

  // What the filters ask for.
  asked() {
    const field = name => this.root.querySelector(`[name="${name}"]`)?.value || "";
    const kinds = [...this.root.querySelectorAll('[name="category"]')].filter(box => box.checked).map(box => Number(box.value));
    return {
      tokens: plain(field("search")).split(/\s+/).filter(Boolean), domain: field("domain"), voucher: field("voucher"), kinds: new Set(kinds),
    };
  }

  update() {
    if (!this.places) return;
    const { tokens, domain, voucher, kinds } = this.asked();
    const fits = place => kinds.has(place.kind) && (domain === "" || place.domain >> Number(domain) & 1)
      && (voucher === "" || place.voucher === Number(voucher)) && tokens.every(token => place.words.includes(token));
    for (const place of this.places) place.layer.off = !fits(place);
    this.matches = this.sorted.filter(place => !place.layer.off);
    if (this.popup.isOpen()) this.map.closePopup();
    this.lookAt(this.matches);
    this.redraw();
    this.listed = 0;
    this.list.replaceChildren();
    this.showMore();
    const count = { shown: this.matches.length.toLocaleString("en"), all: this.places.length.toLocaleString("en") };
    this.root.querySelector(".map-count").textContent = this.matches.length ? fill(this.words.shown, count) : this.words.nothing;
    this.nameThings();
  }

  // A view that holds none of the places asked for moves to them.
  lookAt(matches) {
    const view = this.map.getBounds();
    if (!matches.length || matches.some(place => view.contains(place.where))) return;
    const room = { padding: [40, 40], maxZoom: this.wide + 2, animate: false };
    this.map.fitBounds(L.latLngBounds(matches.map(place => place.where)), room);
  }

  redraw() {
    const renderer = this.map.options.renderer;
    renderer._redrawBounds = null;
    renderer._redraw();
  }

  showMore(count = PAGE) {
    const next = this.matches.slice(this.listed, this.listed + count);
    this.listed += next.length;
    this.list.append(...next.map(place => this.entry(place)));
    const more = this.root.querySelector('[name="more"]'), rest = this.matches.length - this.listed;
    more.hidden = !rest;
    more.textContent = fill(this.words.more, { count: Math.min(PAGE, rest) });
  }

  entry(place) {
    const item = make("li"), fold = make("details"), head = make("summary");
    const name = make("span", "map-entry");
    name.append(make("strong", "", place.name), make("small", "", place.category.label));
    head.append(icon(place.category), name);
    fold.append(head);
    fold.addEventListener("toggle", () => {
      place.layer.found = fold.open;
      this.redraw();
      if (fold.childElementCount === 1) this.unfold(fold, place);
    });
    item.append(fold);
    return item;
  }

  unfold(fold, place) {
    const show = make("button", "map-show", this.words.show);
    show.type = "button";
    show.onclick = () => {
      this.from = show;
      this.map.setView(place.where, Math.max(this.map.getZoom(), Math.min(this.wide + 2, this.map.getMaxZoom())), { animate: false });
      if (this.view.getBoundingClientRect().top < 0) this.view.scrollIntoView({ block: "start" });
      this.openPlace(place, true);
    };
    fold.append(this.card(place), show);
  }

  listen() {
    const { root, map } = this;
    let waiting = 0;
    root.addEventListener("input", event => {
      if (event.target.name === "search") { clearTimeout(waiting); waiting = setTimeout(() => this.update(), 120); }
    });
    root.addEventListener("change", event => {
      if (event.target.name === "area") this.goTo(event.target.value);
      else if (event.target.name !== "search") this.update();
    });
    root.addEventListener("click", event => this.press(event.target.closest("button")));
    map.on("moveend", () => this.nameThings());
    map.on("popupclose", () => { if (this.from) { this.from.focus({ preventScroll: true }); this.from = null; } });
    map.on("focus click", () => map.scrollWheelZoom.enable());
    map.on("blur", () => map.scrollWheelZoom.disable());
    document.fonts.addEventListener("loadingdone", () => this.nameThings());
    new ResizeObserver(() => { if (this.view.clientWidth) map.invalidateSize({ animate: false }); }).observe(this.view);
    matchMedia("print").addEventListener("change", event => event.matches ? this.toPaper() : this.toScreen());
    addEventListener("beforeprint", () => this.toPaper());
    addEventListener("afterprint", () => this.toScreen());
  }

  press(button) {
    if (!button) return;
    const boxes = [...this.root.querySelectorAll('[name="category"]')];
    if (button.name === "more") {
      const next = this.listed;
      this.showMore();
      this.list.children[next].querySelector("summary").focus();
    } else if (button.name === "print") print();
    else if (button.name === "every") this.check(!boxes.every(box => box.checked));
    else if (button.name === "reset") {
      for (const field of this.root.querySelectorAll('[name="search"], [name="domain"], [name="voucher"]')) field.value = "";
      const area = this.root.querySelector('[name="area"]');
      if (area) area.value = "";
      this.goTo("");
      this.check(true);
    }
  }

  check(all) {
    for (const box of this.root.querySelectorAll('[name="category"]')) box.checked = all;
    const button = this.root.querySelector('[name="every"]');
    button.textContent = all ? this.words.none : this.words.every;
    this.update();
  }

  goTo(area) {
    const bounds = area === "" ? this.bounds : this.areas[Number(area)].getBounds();
    this.map.fitBounds(bounds, { padding: [14, 14], animate: false });
  }

  // Paper has room for the whole list, opened, and for a map as wide as the text.
  toPaper() {
    if (this.paper || this.root.querySelector(".map-picture")) return;
    this.paper = { bounds: this.map.getBounds(), listed: this.listed };
    this.map.closePopup();
    this.root.classList.add("map-printing");
    if (this.places) this.showMore(Math.max(0, ON_PAPER - this.listed));
    for (const fold of this.root.querySelectorAll(".map-list details")) {
      fold.open = true;
      if (fold.childElementCount === 1) this.unfold(fold, this.matches[[...this.list.children].indexOf(fold.parentNode)]);
    }
    this.view.after(...this.root.querySelectorAll(".map-legend, .map-credits"));
    this.map.invalidateSize({ animate: false, pan: false });
    this.map.fitBounds(this.paper.bounds, { animate: false });
  }

  toScreen() {
    if (!this.paper) return;
    const { bounds } = this.paper;
    this.paper = null;
    this.root.classList.remove("map-printing");
    this.root.append(...this.root.querySelectorAll(".map-legend, .map-credits"));
    for (const fold of this.root.querySelectorAll(".map-list details")) fold.open = false;
    this.map.invalidateSize({ animate: false, pan: false });
    this.map.fitBounds(bounds, { animate: false });
  }
}

// A map starts when it has a size: in a folded part of a page, or a hidden tab, only once it is opened.
for (const root of document.querySelectorAll("[data-map]")) {
  root.classList.add("map-on");
  for (const part of root.querySelectorAll(".map-live, .map-legend")) part.hidden = false;
  const view = root.querySelector(".map-view");
  const watch = new ResizeObserver(() => {
    if (!view.clientWidth || !view.clientHeight) return;
    watch.disconnect();
    new ResourceMap(root);
  });
  watch.observe(view);
}
