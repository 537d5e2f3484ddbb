// The map page: one state (service, operator, commune), everything drawn from it. Communes, legend and summary
// are drawn from the data before the scripts; all the rest is in a block behind them and comes when that is done.
"use strict";
function phusongMap(map) {
  var D = phusong.data, say = phusong.say, el = phusong.el, number = phusong.number, percent = phusong.percent;
  var MISSING = D.colours.missing, INK = "#17222d";
  var state = { service: 0, operator: 0, commune: -1, gap: -1, colour: "commune", opacity: 0.8 };
  var on = { relief: true, roads: false, zones: false, fibre: false, stations: false, gaps: true };
  Object.assign(D, { places: [], sites: { id: [], at: [] }, fibre: { routes: [], nodes: [] }, roads: [], zones: [], overlays: {},
    relief: null, scattered: {}, gaps: D.services.map(function () { return { total: 0, rows: [] }; }) });
  function byId(id) { return document.getElementById(id); }
  function pair(service, operator) {
    return (service === undefined ? state.service : service) + "|" + (operator === undefined ? state.operator : operator);
  }

  // ---- figures
  var figures = {};
  D.figures.forEach(function (f) { figures[f.id] = f; });
  function figure(indicator, row, service, operator) {
    var f = figures[indicator], n = f && f.n[pair(service, operator)];
    return n ? { n: n[row], of: f.of[row] } : null;
  }
  function share(commune) {
    var f = figure("population", commune + 1);
    return f && f.of ? 100 * f.n / f.of : null;
  }
  function complete(commune) { var f = figure("population", commune + 1); return f && f.n < f.of; }
  function classOf(value) {
    return value === null ? -1 : D.breaks.filter(function (low) { return value >= low; }).length;
  }
  function order() {
    return D.communes.code.map(function (_, k) { return k; }).filter(function (k) { return share(k) !== null; })
      .sort(function (a, b) { return share(a) - share(b) || a - b; });
  }
  function gapsNow() {
    var rows = D.gaps[state.service].rows, own = rows.filter(function (g) { return g[0] === state.operator; });
    return own.length ? own : rows.filter(function (g) { return g[0] === 0; });
  }

  // ---- the map itself
  map.attributionControl.setPrefix("Leaflet");
  L.control.zoom({ position: "topleft", zoomInTitle: say("zoomIn"), zoomOutTitle: say("zoomOut") }).addTo(map);
  L.control.scale({ imperial: false, maxWidth: 130 }).addTo(map);
  var pane = map.createPane("relief"); pane.style.zIndex = 250;
  pane = map.createPane("signal"); pane.style.zIndex = 300;
  var box = D.province.bounds, whole = L.latLngBounds([box[0], box[1]], [box[2], box[3]]);
  readHash();
  if (phone()) { showPanel(state.commune >= 0); }
  map.invalidateSize({ animate: false });
  map.fitBounds(whole, Object.assign({ animate: false }, margins()));
  map.getContainer().setAttribute("tabindex", "0");
  map.getContainer().setAttribute("aria-label", say("map"));

  function tip(lines) {
    var node = el("div");
    lines.forEach(function (line, k) { node.append(el(k ? "div" : "b", { text: line })); });
    return node;
  }
  function figureLine(label, f) {
    return label + ": " + percent(f.n, f.of) + " (" + number(f.n) + "/" + number(f.of) + ")";
  }

  var frame = [[D.frame[0], D.frame[1]], [D.frame[2], D.frame[3]]];
  var communes = D.communes.shape.map(function (shape, k) {
    var polygon = L.polygon(phusong.shape(shape), { weight: 0.8, color: "#5b6874", fillOpacity: 0, smoothFactor: 0.6 });
    polygon.bindTooltip(function () {
      var f = figure("population", k + 1), lines = [D.communes.name[k]];
      lines.push(f ? figureLine(D.services[state.service].label + ", " + say("population"), f) : say("noData"));
      var was = earlier(k + 1);
      if (was) { lines.push(say("was", percent(was[0], was[1]), number(was[0]) + "/" + number(was[1]))); }
      return tip(lines);
    }, { sticky: true, direction: "top", opacity: 0.97 });
    polygon.on("click", function () { selectCommune(k, false); });
    return polygon.addTo(map);
  });
  var relief = null, signal = null;

  // ---- before and after: the earlier colours lie above the later ones, cut off at the slider
  var swipe = null;
  function earlier(row) { var f = swipe && D.before.figures[pair()]; return f && f[row]; }
  function setUpSwipe() {
    var region = map.getContainer().parentNode;
    swipe = { panes: [], at: 50, fill: [], signal: null };
    region.append(el("div", { id: "swipeline", "aria-hidden": "true" }), el("div", { id: "swipebox" },
      el("span", { id: "swipebefore", text: D.before.names[0] }),
      el("label", {}, el("span", { class: "sr", text: say("swipe") }), el("input", { type: "range", id: "swipe", min: 0, max: 100, step: 1, value: 50 })),
      el("span", { id: "swipeafter", text: D.before.names[1] })));
    ["beforeBase", "beforeRelief", "beforeFill"].forEach(function (name, k) {
      var made = map.createPane(name);
      made.style.zIndex = 410 + k; made.style.pointerEvents = "none";
      swipe.panes.push(made);
    });
    var base = L.canvas({ pane: "beforeBase" }), top = L.canvas({ pane: "beforeFill" });
    // Over everything of the later state: a gap that reaches across the border would look out else.
    swipe.base = L.rectangle([[-85, -180], [85, 180]], { renderer: base, pane: "beforeBase", stroke: false, fillOpacity: 1, interactive: false }).addTo(map);
    D.communes.shape.forEach(function (shape, k) {
      swipe.fill[k] = L.polygon(phusong.shape(shape), { renderer: top, pane: "beforeFill", weight: 0.8, smoothFactor: 0.6, interactive: false }).addTo(map);
    });
    swipe.relief = D.relief && L.imageOverlay(D.relief, frame, { pane: "beforeRelief", alt: "" });
    map.on("move zoomend resize viewreset", cut);
    byId("swipe").addEventListener("input", function () { swipe.at = Number(this.value); cut(); });
  }
  function cut() {
    var size = map.getSize(), x = size.x * swipe.at / 100, a = map.containerPointToLayerPoint([0, 0]), b = map.containerPointToLayerPoint([x, size.y]);
    var path = "polygon(" + [[a.x, a.y], [b.x, a.y], [b.x, b.y], [a.x, b.y]].map(function (p) { return p[0] + "px " + p[1] + "px"; }).join(",") + ")";
    swipe.panes.forEach(function (node) { node.style.clipPath = path; });
    byId("swipeline").style.left = x + "px";
  }
  function ground() { swipe.base.setStyle({ fillColor: getComputedStyle(map.getContainer()).backgroundColor }); }
  function paintBefore() {
    ground();
    var filled = state.colour === "commune";
    swipe.fill.forEach(function (polygon, k) {
      var f = earlier(k + 1), c = classOf(f && f[1] ? 100 * f[0] / f[1] : null);
      polygon.setStyle({ fillColor: c < 0 ? "#b9c0c6" : D.colours.percent[c], fillOpacity: filled ? state.opacity : 0, color: filled ? "#fff" : "#5b6874" });
    });
    if (swipe.signal) { swipe.signal.remove(); swipe.signal = null; }
    var uri = state.colour === "signal" && D.before.overlays[pair()];
    if (uri) { swipe.signal = L.imageOverlay(uri, frame, { pane: "beforeFill", opacity: state.opacity, alt: "" }).addTo(map); }
    toggle(swipe.relief, on.relief);
    cut();
  }

  var lineGroups = {};
  function lines(kind) {
    if (lineGroups[kind]) { return lineGroups[kind]; }
    var group = L.layerGroup();
    if (kind === "roads") {
      group.addLayer(L.polyline(D.roads.map(phusong.unpack), { color: "#7d746a", weight: 1, opacity: 0.75, interactive: false }));
    } else if (kind === "zones") {
      D.zones.forEach(function (zone) {
        group.addLayer(L.polygon(phusong.shape(zone[1]), { color: "#7a1f6b", weight: 2, fillOpacity: 0.15, dashArray: "4 3" })
          .bindTooltip(function () { return tip([zone[0]]); }, { sticky: true }));
      });
    } else {
      D.fibre.routes.forEach(function (route) {
        group.addLayer(L.polyline(route[2].map(phusong.unpack), {
          color: route[1] ? "#00695c" : "#6b7780", weight: 2, opacity: 0.9, dashArray: route[1] ? null : "5 5"
        }).bindTooltip(function () {
          return tip([say(route[1] ? "fibreLive" : "fibrePlanned"), route[0]].filter(Boolean));
        }, { sticky: true }));
      });
    }
    return (lineGroups[kind] = group);
  }
  var nodes = new phusong.Points({
    apart: 12,
    one: function (item) {
      return new phusong.Mark(item.at, { form: "square", radius: 3.5, color: "#fff", weight: 1, fillColor: "#00695c", fillOpacity: 1 })
        .bindTooltip(function () { return tip([say("fibreNode")].concat(item.words)); });
    },
    many: function (items, at) {
      return new phusong.Mark(at, { form: "square", radius: 4 + Math.min(items.length, 40) / 10, color: "#fff", weight: 1,
        fillColor: "#00695c", fillOpacity: 0.9, interactive: false });
    }
  });

  function bubble(items, at, colour, label) {
    var mark = new phusong.Mark(at, { radius: 9 + Math.min(9, Math.sqrt(items.length)), color: "#fff", weight: 1.5, fillColor: colour,
      fillOpacity: 0.92, text: number(items.length) });
    mark.bindTooltip(function () { return tip([label, number(items.length)]); });
    mark.on("click", function () {
      map.fitBounds(L.latLngBounds(items.map(function (i) { return i.at; })).pad(0.2), { maxZoom: 13 });
    });
    return mark;
  }
  var siteAt = [], placeAt = [], places = [];
  var stations = new phusong.Points({
    apart: 12,
    one: function (item) {
      return new phusong.Mark(item.at, { form: "triangle", radius: 6, color: "#fff", weight: 1.2, fillColor: INK, fillOpacity: 1 })
        .bindTooltip(function () {
          var list = [say("site") + " " + D.sites.id[item.k]];
          D.sites.kinds[D.sites.kind[item.k]].forEach(function (s) { list.push(s[0] + ": " + s[1] + ", " + s[2] + " " + say("cells")); });
          if (D.sites.height[item.k]) { list.push(say("antenna") + ": " + number(D.sites.height[item.k]) + " m"); }
          return tip(list);
        });
    },
    many: function (items, at) { return bubble(items, at, "#33475b", say("siteCluster")); }
  });
  function sitesNow() {
    var technology = D.services[state.service].technology, operator = state.operator && D.operators[state.operator];
    var good = D.sites.kinds.map(function (kind) {
      return kind.some(function (s) { return (!technology || s[1] === technology) && (!operator || s[0] === operator); });
    });
    return siteAt.map(function (at, k) { return { at: L.latLng(at), k: k }; }).filter(function (item) { return good[D.sites.kind[item.k]]; });
  }
  function servedAt(layer, k) { var s = D.places[layer].served[pair()]; return s ? s[k] === "1" : null; }
  function placePoints(layer) {
    return new phusong.Points({
      apart: 11,
      one: function (item) {
        return new phusong.Mark(item.at, { radius: item.served ? 4 : 5.5, color: item.served ? "#1d5b8f" : "#fff", weight: item.served ? 2 : 1.2,
          fillColor: item.served ? "#fff" : MISSING, fillOpacity: 1 })
          .bindTooltip(function () {
            return tip([layer.name[item.k], D.communes.name[layer.commune[item.k]] || "", layer.label + ": " + say(item.served ? "served" : "notServed")]);
          });
      },
      many: function (items, at) { return bubble(items, at, MISSING, layer.label + ": " + say("notServed")); }
    });
  }
  function drawPlaces() {
    var near = map.getZoom() >= 11;
    places.forEach(function (group, index) {
      if (!on["places" + index]) { return; }
      var items = placeAt[index].map(function (at, k) { return { at: at, k: k, served: servedAt(index, k) }; });
      group.setItems(items.filter(function (item) { return item.served === false || (near && item.served); }));
    });
  }

  var gapShapes = L.layerGroup(), gapMarks = L.layerGroup();
  function drawGaps() {
    gapShapes.clearLayers(); gapMarks.clearLayers();
    if (!on.gaps) { return; }
    var closer = map.getZoom() - map.getBoundsZoom(whole), most = closer < 0.6 ? 12 : closer < 1.6 ? 40 : closer < 2.6 ? 120 : 1e9;
    gapsNow().forEach(function (g, k) {
      var chosen = g[1] === state.gap;
      // No fill: it would mix with the colour that stands for a share.
      gapShapes.addLayer(L.polygon(phusong.shape(g[12]), { color: MISSING, weight: chosen ? 3 : 1.1, fillColor: MISSING,
        fillOpacity: chosen ? 0.25 : 0, interactive: false, smoothFactor: 0.8 }));
      if (k >= most && !chosen) { return; }
      var mark = new phusong.Mark([g[6], g[5]], { form: "square", radius: chosen ? 12 : 9, color: "#fff", weight: 1.5, fillColor: "#8f3800", fillOpacity: 0.95,
        text: String(g[1]) });
      mark.bindTooltip(function () { return tip(gapLines(g)); });
      mark.on("click", function () { selectGap(g[1], false); });
      gapMarks.addLayer(mark);
    });
  }
  function gapLines(g) {
    var names = g[4].map(function (k) { return D.communes.name[k]; });
    return [say("gaps").split(" (")[0] + " " + g[1] + ": " + number(g[2]) + " " + say("people"),
      names.slice(0, 3).join(", ") + (names.length > 3 ? " …" : ""),
      say("reason") + ": " + g[7],
      g[9] === null ? "" : say("nearestSite") + ": " + (g[8] ? g[8] + ", " : "") + phusong.distance(g[9]),
      g[10] === null ? "" : say("nearestFibre") + ": " + phusong.distance(g[10])].filter(Boolean);
  }

  // ---- recolouring
  function toggle(layer, shown) { if (layer) { if (shown) { layer.addTo(map); } else { layer.remove(); } } }
  function paint() {
    var filled = state.colour === "commune";
    communes.forEach(function (polygon, k) {
      var c = classOf(share(k)), chosen = k === state.commune;
      polygon.setStyle({
        fillColor: c < 0 ? "#b9c0c6" : D.colours.percent[c], fillOpacity: filled ? state.opacity : 0,
        weight: chosen ? 3.5 : 0.8, color: chosen ? "#111" : filled ? "#fff" : "#5b6874"
      });
    });
    var drawn = state.colour === "signal" && D.overlays[pair()];
    if (signal) { signal.remove(); signal = null; }
    if (drawn) {
      signal = L.imageOverlay(drawn, frame, { pane: "signal", opacity: state.opacity, alt: "" }).addTo(map);
    }
    toggle(relief, on.relief);
    if (swipe) { paintBefore(); }
    ["roads", "zones", "fibre"].forEach(function (kind) { toggle(on[kind] || lineGroups[kind] ? lines(kind) : null, on[kind]); });
    toggle(nodes, on.fibre);
    toggle(gapShapes, on.gaps);
    if (on.stations) { stations.setItems(sitesNow()); }
    toggle(stations, on.stations);
    places.forEach(function (group, k) { toggle(group, on["places" + k]); });
    drawPlaces();
    gapMarks.remove(); toggle(gapMarks, on.gaps);
    drawGaps();
    if (state.commune >= 0) { communes[state.commune].bringToFront(); [lineGroups.roads, lineGroups.fibre].forEach(front); gapMarks.remove(); toggle(gapMarks, on.gaps); }
  }
  function front(group) { if (group && map.hasLayer(group)) { group.eachLayer(function (l) { l.bringToFront(); }); } }

  // ---- the panel
  function swatch(colour, opacity) {
    return phusong.svg("rect", { x: 0, y: 0, width: 22, height: 14, rx: 2, fill: colour, "fill-opacity": opacity || 1, stroke: "#5b6874", "stroke-width": 0.6 });
  }
  function keyItem(mark, text, count) {
    return el("li", {}, mark, el("span", { text: text }), count === undefined ? null : el("span", { class: "count", text: count }));
  }
  function percentKey(counted) {
    var list = el("ul", { class: "key" }), tally = {};
    communes.forEach(function (_, k) { var c = classOf(share(k)); tally[c] = (tally[c] || 0) + 1; });
    for (var c = D.breaks.length; c >= 0; c--) {
      var text = c === 0 ? say("below", number(D.breaks[0])) : c === D.breaks.length ? say("above", number(D.breaks[c - 1])) :
        say("between", number(D.breaks[c - 1]), number(D.breaks[c]));
      list.append(keyItem(swatch(D.colours.percent[c]), text, counted ? say("communesCount", tally[c] || 0) : undefined));
    }
    if (tally[-1]) { list.append(keyItem(swatch("#b9c0c6"), say("noData"), counted ? say("communesCount", tally[-1]) : undefined)); }
    return list;
  }
  function signalKey() {
    var list = el("ul", { class: "key" }), service = D.services[state.service];
    for (var k = service.legend.length - 1; k >= 0; k--) { list.append(keyItem(swatch(D.colours.signal[k]), service.legend[k])); }
    if (service.unit === "dBm") { list.append(keyItem(swatch(D.colours.weak, 0.4), say("weak"))); }
    list.append(keyItem(swatch(MISSING), say("missing")));
    return list;
  }
  function colourTitle() {
    return state.colour === "commune" ? say("legendCommune") : say(D.services[state.service].unit === "dBm" ? "legendSignal" : "legendDistance");
  }
  function dot(fill, line) { return phusong.svg("circle", { cx: 11, cy: 7, r: 5.5, fill: fill, stroke: line, "stroke-width": 2 }); }
  function choice(kind, name, value, checked, text, act) {
    var input = el("input", { type: kind, name: name, value: value, onchange: act });
    input.checked = checked;
    return el("label", { class: "choice" }, input, el("span", { text: text }));
  }
  function fillMapPane() {
    var panel = byId("pane-map"), colours = el("div", { role: "radiogroup", "aria-label": say("colour") });
    [["commune", "byCommune"], ["signal", "bySignal"], ["none", "byNothing"]].forEach(function (c) {
      colours.append(choice("radio", "colour", c[0], state.colour === c[0], say(c[1]), function () { state.colour = c[0]; update(); }));
    });
    var opacity = el("input", { type: "range", id: "opacity", min: 20, max: 100, step: 5, value: Math.round(state.opacity * 100), oninput: function () {
      state.opacity = this.value / 100;
      if (signal) { signal.setOpacity(state.opacity); }
      if (swipe) { paintBefore(); }
      if (state.colour === "commune") { communes.forEach(function (p) { p.setStyle({ fillOpacity: state.opacity }); }); }
    } });
    var legend = el("div", { id: "legend" });
    var layers = el("div", { id: "layers" });
    function layer(key, text) { layers.append(choice("checkbox", key, "", on[key], text, function () { on[key] = this.checked; update(); })); }
    layer("gaps", say("gaps"));
    D.places.forEach(function (p, k) { layer("places" + k, p.label.charAt(0).toUpperCase() + p.label.slice(1)); });
    if (siteAt.length) { layer("stations", say("stations")); }
    if (D.fibre.routes.length || D.fibre.nodes.length) { layer("fibre", say("fibre")); }
    if (D.zones.length) { layer("zones", say("zones")); }
    if (D.roads.length) { layer("roads", say("roads")); }
    if (D.relief) { layer("relief", say("relief")); }
    panel.replaceChildren(el("h2", { text: say("colour") }), colours, el("label", { class: "slider" }, el("span", { text: say("opacity") }), opacity),
      legend, el("h2", { text: say("layers") }), layers);
  }
  function fillLegend() {
    var legend = byId("legend"), list = el("ul", { class: "key" });
    if (on.gaps) { list.append(keyItem(phusong.svg("rect", { x: 5, y: 1, width: 12, height: 12, fill: "#8f3800" }), say("gapOutline"))); }
    if (D.places.some(function (_, k) { return on["places" + k]; })) {
      list.append(keyItem(dot("#fff", "#1d5b8f"), say("served")), keyItem(dot(MISSING, "#fff"), say("notServed")));
    }
    if (on.stations) { list.append(keyItem(phusong.svg("path", { d: "M11 1l6 11H5z", fill: INK, stroke: "#fff" }), say("site")),
      keyItem(dot("#33475b", "#fff"), say("siteCluster"))); }
    if (on.fibre) {
      list.append(keyItem(phusong.svg("path", { d: "M0 7h22", stroke: "#00695c", "stroke-width": 2.5 }), say("fibreLive")),
        keyItem(phusong.svg("path", { d: "M0 7h22", stroke: "#6b7780", "stroke-width": 2.5, "stroke-dasharray": "5 4" }), say("fibrePlanned")));
    }
    if (on.roads) { list.append(keyItem(phusong.svg("path", { d: "M0 7h22", stroke: "#7d746a", "stroke-width": 1.5 }), say("roads"))); }
    if (on.zones) { list.append(keyItem(phusong.svg("rect", { x: 1, y: 1, width: 20, height: 12, fill: "#7a1f6b", "fill-opacity": 0.15, stroke: "#7a1f6b",
      "stroke-width": 2, "stroke-dasharray": "4 3" }), say("zones"))); }
    legend.replaceChildren(el("h2", { text: say("legend") }));
    if (state.colour === "signal" && !D.overlays[pair()]) {
      legend.append(el("p", { class: "quiet", text: D.public ? say("notPublic") : say("notOffered") }));
    } else if (state.colour !== "none") {
      legend.append(el("p", { class: "quiet", text: colourTitle() }), state.colour === "commune" ? percentKey(true) : signalKey());
    }
    legend.append(list);
    var small = byId("key");
    small.hidden = state.colour === "none" || (state.colour === "signal" && !D.overlays[pair()]);
    if (!small.hidden) {
      small.replaceChildren(el("b", { text: D.services[state.service].label + " · " + colourTitle() }),
        state.colour === "commune" ? percentKey(false) : signalKey());
    }
  }
  function fillSummary() {
    var service = D.services[state.service], f = figure("population", 0), node = byId("summary");
    node.replaceChildren();
    if (f) {
      node.append(el("div", { class: "big" }, percent(f.n, f.of), el("small", { text: " " + say("population") })),
        el("p", { text: service.label + " · " + D.operators[state.operator] + ": " + number(f.n) + "/" + number(f.of) + " " + say("people") }));
      var was = earlier(0);
      if (was) { node.append(el("p", { text: say("was", percent(was[0], was[1]), number(was[0]) + "/" + number(was[1])) })); }
    } else { node.append(el("p", { text: say("notOffered") })); }
    node.append(el("p", { class: "quiet", text: say("criterion") + ": " + service.criterion + "." }));
  }
  function gapButton(g) {
    var names = g[4].map(function (k) { return D.communes.name[k]; });
    return el("li", {}, el("button", { type: "button", "data-gap": g[1], onclick: function () { selectGap(g[1], true); } },
      el("span", { class: "n", text: g[1] }), el("span", { text: names.slice(0, 2).join(", ") + (names.length > 2 ? " …" : "") }),
      el("span", { class: "v", text: number(g[2]) + " " + say("people") }),
      el("span", { class: "more", text: g[7] + " · " + number(g[3], 1) + " km²" +
        (g[9] === null ? "" : " · " + say("nearestSite").toLowerCase() + " " + phusong.distance(g[9])) + (g[10] === null ? "" : " · " + say("fibre").toLowerCase() + " " + phusong.distance(g[10])) }),
      g[11] && g[1] === state.gap ? el("span", { class: "more", text: say("inside") + ": " + g[11] }) : null));
  }
  function fillGaps() {
    if (byId("pane-gaps").hidden) { return; }
    var rows = gapsNow(), panel = byId("pane-gaps"), list = el("ol", { class: "list" }), id = D.services[state.service].id;
    rows.forEach(function (g) { list.append(gapButton(g)); });
    panel.replaceChildren(el("p", { class: "quiet", text: say("gapsShown", number(D.gaps[state.service].total), number(rows.length)) }));
    if (D.scattered[id] > 0.5) { panel.append(el("p", { class: "quiet", text: say("gapsScattered", number(D.scattered[id])) })); }
    if (state.operator && (!rows.length || rows[0][0] !== state.operator)) { panel.append(el("p", { class: "quiet", text: say("gapsAny") })); }
    panel.append(list);
  }
  function fillCommunes() {
    if (byId("pane-communes").hidden) { return; }
    var list = el("ol", { class: "list" });
    order().forEach(function (k, rank) {
      var f = figure("population", k + 1);
      list.append(el("li", {}, el("button", { type: "button", "data-commune": k, onclick: function () { selectCommune(k, true); } },
        el("span", { class: "n quiet", text: rank + 1 }), el("span", { text: D.communes.name[k] }), el("span", { class: "v", text: percent(f.n, f.of) }),
        el("span", { class: "more", text: number(f.n) + "/" + number(f.of) + " " + say("people") }))));
    });
    byId("pane-communes").replaceChildren(el("p", { class: "quiet", text: say("sort") + "." }), list);
  }
  function fillCard() {
    var card = byId("card"), k = state.commune;
    card.hidden = k < 0;
    if (k < 0) { card.replaceChildren(); return; }
    var table = el("table"), ranked = order(), extra = [];
    table.append(el("thead", {}, el("tr", {}, el("th", { scope: "col", text: say("service") }), el("th", { scope: "col", text: say("counts") }),
      el("th", { scope: "col", text: say("share") }))));
    D.services.forEach(function (service, s) {
      var body = el("tbody", {}, el("tr", { class: "svc" }, el("th", { scope: "rowgroup", colspan: 3, text: service.label })));
      D.figures.forEach(function (f) {
        var v = figure(f.id, k + 1, s);
        if (!v || !v.of || f.id === "communes" || f.id.slice(0, 5) === "zones") { return; }
        var label = f.id === "population" ? say("population") : f.id === "area" ? say("area") : f.id === "households" ? say("households") : f.label;
        var area = f.id === "area", tail = area ? " km²" : "";
        body.append(el("tr", {}, el("th", { scope: "row", text: label }),
          el("td", { text: number(v.n, area ? 1 : 0) + "/" + number(v.of, area ? 1 : 0) + tail }), el("td", { text: percent(v.n, v.of) })));
      });
      if (body.childNodes.length > 1) { table.append(body); }
    });
    card.replaceChildren(
      el("header", {}, el("h2", { tabindex: "-1", text: D.communes.name[k] }),
        el("button", { type: "button", "aria-label": say("close"), text: "×", onclick: function () { selectCommune(-1); } })),
      el("p", { class: "quiet", text: say("code") + " " + D.communes.code[k] + " · " + D.operators[state.operator] }),
      table);
    if (ranked.indexOf(k) >= 0) {
      card.append(el("p", { class: "crit", text: say("rank") + " " + D.services[state.service].label + ": " +
        say("rankOf", ranked.indexOf(k) + 1, ranked.length) }));
    }
    D.services.forEach(function (service) { card.append(el("p", { class: "crit", text: service.label + ": " + service.criterion + "." })); });
    card.append(el("p", { class: "crit", text: say("asOf") + " " + D.province.asOf + "." }));
    var hops = el("div", { class: "hops" });
    gapsNow().filter(function (g) { return g[4].indexOf(k) >= 0; }).forEach(function (g) {
      hops.append(el("button", { type: "button", text: g[1] + " · " + number(g[2]) + " " + say("people"), onclick: function () { selectGap(g[1], true); } }));
    });
    card.append(el("h3", { text: say("gapsHere") + " (" + D.services[state.service].label + ")" }),
      hops.childNodes.length ? hops : el("p", { class: "quiet", text: say("none") }));
    D.places.forEach(function (layer, index) {
      layer.commune.forEach(function (c, n) { if (c === k && servedAt(index, n) === false) { extra.push(layer.name[n]); } });
    });
    card.append(el("h3", { text: say("placesHere") + " (" + D.services[state.service].label + ", " + number(extra.length) + ")" }),
      el("p", { class: "names", tabindex: extra.length > 12 ? "0" : null, text: extra.join("; ") || say("none") }));
  }

  // ---- acts
  function writeHash() {
    var parts = ["dv=" + encodeURIComponent(D.services[state.service].id)];
    if (state.operator) { parts.push("nm=" + encodeURIComponent(D.operators[state.operator])); }
    if (state.commune >= 0) { parts.push("xa=" + encodeURIComponent(D.communes.code[state.commune])); }
    try { history.replaceState(null, "", "#" + parts.join("&")); } catch (error) { /* a frame may forbid it */ }
  }
  function readHash() {
    location.hash.slice(1).split("&").forEach(function (part) {
      var value, key = part.slice(0, 3), at;
      try { value = decodeURIComponent(part.slice(3)); } catch (error) { return; }
      if (key === "dv=") { at = D.services.findIndex(function (s) { return s.id === value; }); if (at >= 0) { state.service = at; } }
      if (key === "nm=") { at = D.operators.indexOf(value); if (at >= 0) { state.operator = at; } }
      if (key === "xa=") { state.commune = D.communes.code.indexOf(value); }
    });
  }
  function update() { paint(); fillLegend(); fillSummary(); fillGaps(); fillCommunes(); fillCard(); writeHash(); }
  function phone() { return window.matchMedia("screen and (max-width: 820px)").matches; }
  function showPanel(shown) {
    document.body.classList.toggle("panel-off", !shown);
    byId("toggle").setAttribute("aria-expanded", String(shown));
    map.invalidateSize({ animate: false });
  }
  function margins() {
    return phone() ? { paddingTopLeft: [12, 12], paddingBottomRight: [12, Math.min(120, map.getSize().y / 3)] } :
      { paddingTopLeft: [16, 16], paddingBottomRight: [16, 16] };
  }
  function goTo(bounds, most) {
    var quiet = window.matchMedia("(prefers-reduced-motion: reduce)").matches, options = margins();
    if (phone() && !document.body.classList.contains("panel-off")) { options.paddingBottomRight = [12, map.getSize().y * 0.62]; }
    options.maxZoom = most; options.animate = !quiet;
    map.fitBounds(bounds, options);
  }
  function selectCommune(k, move) {
    var before = state.commune;
    state.commune = k;
    update();
    byId("panel").scrollTop = 0;
    if (k < 0) { if (before >= 0) { byId("search").focus({ preventScroll: true }); } return; }
    showPanel(true);
    if (move) { goTo(communes[k].getBounds(), 12); byId("card").querySelector("h2").focus({ preventScroll: true }); }
  }
  function selectGap(rank, move) {
    state.gap = rank;
    on.gaps = true;
    openTab("gaps", false);
    update(); fillMapPane(); fillLegend();
    var g = gapsNow().find(function (row) { return row[1] === rank; });
    showPanel(true);
    if (g && move) { goTo(g[12].length ? L.polygon(phusong.shape(g[12])).getBounds() : L.latLng(g[6], g[5]).toBounds(4000), 13); }
    var button = byId("pane-gaps").querySelector('[data-gap="' + rank + '"]');
    if (button) { button.scrollIntoView({ block: "nearest" }); if (move) { button.focus({ preventScroll: true }); } }
  }
  function openTab(key, focus) {
    ["map", "gaps", "communes"].forEach(function (name) {
      var mine = name === key, tab = byId("tab-" + name);
      tab.setAttribute("aria-selected", String(mine)); tab.tabIndex = mine ? 0 : -1;
      byId("pane-" + name).hidden = !mine;
      if (mine && focus) { tab.focus(); }
    });
    fillGaps(); fillCommunes();
  }
  ["map", "gaps", "communes"].forEach(function (name, k, all) {
    byId("tab-" + name).addEventListener("click", function () { openTab(name, false); });
    byId("tab-" + name).addEventListener("keydown", function (event) {
      var step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) { event.preventDefault(); openTab(all[(k + step + all.length) % all.length], true); }
    });
  });

  // ---- search
  var index = null, hits = [], at = -1, field = byId("search"), found = byId("found");
  function buildIndex() {
    index = [];
    D.communes.name.forEach(function (name, k) {
      index.push({ key: phusong.fold(name) + " " + D.communes.code[k], name: name, more: D.communes.code[k], go: function () { selectCommune(k, true); } });
    });
    D.places.forEach(function (layer, p) {
      layer.name.forEach(function (name, k) {
        index.push({ key: phusong.fold(name), name: name, more: D.communes.name[layer.commune[k]] || layer.label, go: function () {
          on["places" + p] = true;
          fillMapPane();
          if (layer.commune[k] >= 0) { selectCommune(layer.commune[k], false); } else { update(); }
          goTo(placeAt[p][k].toBounds(3000), 13);
        } });
      });
    });
  }
  function look() {
    var key = phusong.fold(field.value), begins = [], holds = [];
    if (!index) { buildIndex(); }
    if (key) {
      index.forEach(function (item) {
        var where = (" " + item.key).indexOf(" " + key);
        if (where >= 0) { begins.push(item); } else if (item.key.indexOf(key) >= 0) { holds.push(item); }
      });
    }
    hits = begins.concat(holds).slice(0, 30); at = hits.length ? 0 : -1;
    found.replaceChildren();
    hits.forEach(function (hit, k) {
      found.append(el("li", { role: "option", id: "hit" + k, "aria-selected": String(k === 0), onmousedown: function (event) { event.preventDefault(); pick(k); } },
        hit.name, el("small", { text: hit.more })));
    });
    if (key && !hits.length) { found.append(el("li", { role: "option", "aria-selected": "false", "aria-disabled": "true", text: say("noMatch") })); }
    found.hidden = !key;
    field.setAttribute("aria-expanded", String(!found.hidden));
    mark(at);
  }
  function mark(k) {
    at = k;
    found.querySelectorAll("li").forEach(function (li, n) { li.setAttribute("aria-selected", String(n === k)); if (n === k) { li.scrollIntoView({ block: "nearest" }); } });
    if (k >= 0) { field.setAttribute("aria-activedescendant", "hit" + k); } else { field.removeAttribute("aria-activedescendant"); }
  }
  function shut() { found.hidden = true; field.setAttribute("aria-expanded", "false"); field.removeAttribute("aria-activedescendant"); }
  function pick(k) { var hit = hits[k]; shut(); if (hit) { field.value = hit.name; hit.go(); } }
  field.addEventListener("input", look);
  field.addEventListener("focus", function () { if (field.value) { look(); } });
  field.addEventListener("blur", shut);
  field.addEventListener("keydown", function (event) {
    if (event.key === "ArrowDown" && hits.length) { event.preventDefault(); mark((at + 1) % hits.length); }
    else if (event.key === "ArrowUp" && hits.length) { event.preventDefault(); mark((at + hits.length - 1) % hits.length); }
    else if (event.key === "Enter" && !found.hidden) { event.preventDefault(); pick(at); }
    else if (event.key === "Escape") { shut(); }
  });

  // ---- controls
  byId("services").addEventListener("change", function (event) { state.service = Number(event.target.value); state.gap = -1; update(); });
  byId("operator").addEventListener("change", function () { state.operator = Number(this.value); state.gap = -1; update(); });
  byId("theme").addEventListener("click", function () {
    var root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === "dark" :
      window.matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    if (swipe) { ground(); }
  });
  byId("summary").addEventListener("click", function () { if (phone()) { byId("toggle").click(); } });
  byId("print").addEventListener("click", function () { window.print(); });
  byId("toggle").addEventListener("click", function () { showPanel(document.body.classList.contains("panel-off")); });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && state.commune >= 0 && event.target !== field) { selectCommune(-1); }
  });
  var seen = null;
  window.addEventListener("beforeprint", function () {
    seen = map.getBounds();
    document.body.classList.add("printing");
    map.invalidateSize({ animate: false });
    map.fitBounds(state.commune >= 0 ? seen : whole, { animate: false });
  });
  window.addEventListener("afterprint", function () {
    document.body.classList.remove("printing");
    map.invalidateSize({ animate: false });
    if (seen) { map.fitBounds(seen, { animate: false }); }
  });
  var Home = L.Control.extend({ options: { position: "topleft" }, onAdd: function () {
    var bar = L.DomUtil.create("div", "leaflet-bar leaflet-control leaflet-control-zoom");
    bar.append(el("a", { href: "#", role: "button", title: say("home"), "aria-label": say("home"), text: "⌂", onclick: function (event) {
      event.preventDefault(); event.stopPropagation(); goTo(whole);
    } }));
    return bar;
  } });
  new Home().addTo(map);

  // ---- first the communes, then the rest
  byId("operator").value = String(state.operator);
  document.querySelectorAll('input[name="service"]').forEach(function (input) { input.checked = Number(input.value) === state.service; });
  if (state.commune >= 0) { map.fitBounds(communes[state.commune].getBounds(), Object.assign({ animate: false }, margins())); }
  fillMapPane();
  paint(); fillLegend(); fillSummary();
  function complete() {
    Object.assign(D, phusong.late());
    siteAt = phusong.unpack(D.sites.at);
    nodes.setItems(D.fibre.nodes.map(function (n) { return { at: L.latLng(n[1], n[0]), words: [n[3], n[2]].filter(Boolean) }; }));
    placeAt = D.places.map(function (layer) { return phusong.unpack(layer.at).map(function (at) { return L.latLng(at); }); });
    D.places.forEach(function (_, k) { on["places" + k] = false; });
    places = D.places.map(placePoints);
    relief = D.relief && L.imageOverlay(D.relief, frame, { pane: "relief", alt: "" });
    map.on("zoomend", drawPlaces);
    map.on("zoomend", drawGaps);
    if (D.before) { setUpSwipe(); }
    fillMapPane();
    update();
    document.documentElement.dataset.ready = "1";
  }
  phusong.afterDrawing(complete);
  window.phusongState = state;
}
