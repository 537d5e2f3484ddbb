// The map of a fibre plan: what stands, and what each phase adds.
"use strict";
(function () {
  var D = phusong.data, say = phusong.say, el = phusong.el, number = phusong.number;
  function byId(id) { return document.getElementById(id); }
  var box = byId("plan-map");
  if (!box) { return; }
  var map = phusong.communeMap(box, "#8b97a3", 0.25);
  var images = D.images.map(function (image) { return L.imageOverlay(image.uri, image.bounds, { opacity: 0.75 }); });
  D.existing.forEach(function (lines) {
    lines.forEach(function (line) {
      L.polyline(phusong.unpack(line), { color: D.colours.old, weight: 1.4, interactive: false }).addTo(map);
    });
  });
  var added = L.layerGroup().addTo(map), marks = L.layerGroup().addTo(map);
  function rows(lines) {
    var node = el("div");
    lines.forEach(function (line, k) { node.append(k ? el("div", { text: line }) : el("b", { text: line })); });
    return node;
  }
  function spanTip(s) {
    return rows([s.id, say("cost") + ": " + number(s.cost / 1e9, 2), say("km") + ": " + number(s.km, 2),
      say("fibres") + ": " + number(s.fibres), say("homes") + ": " + number(s.homes),
      say("peopleBehind") + ": " + number(s.people), say("placesBehind") + ": " + number(s.places)]);
  }
  function pointTip(p) {
    return rows([p.name, p.commune, D.kinds[p.kind], D.states[p.state] + (p.year ? " (" + p.year + ")" : ""),
      say("people") + ": " + number(p.people), say("homesHere") + ": " + number(p.homes)]);
  }
  function draw() {
    var state = Number(document.querySelector("input[name=state]:checked").value);
    added.clearLayers(); marks.clearLayers();
    images.forEach(function (image, k) {
      if (k === (state < 0 ? 0 : 1) && byId("p-image").checked) { image.addTo(map); } else { image.remove(); }
    });
    var scale = Math.min(Math.max((map.getZoom() - 5) / 6, 0.6), 1.6);
    D.spans.forEach(function (s) {
      if (s.phase > state) { return; }
      L.polyline(phusong.unpack(s.line), { color: D.colours.added, opacity: 0.95,
        weight: scale * (1.4 + 1.6 * Math.log10(1 + s.homes / 100)) }).bindPopup(function () { return spanTip(s); }).addTo(added);
    });
    D.points.forEach(function (p) {
      var done = p.state === "planned" && p.phase <= state, never = p.state === "far" || p.state === "island";
      new phusong.Mark([p.at[0] / 1e5, p.at[1] / 1e5], {
        radius: 3.2 * scale, weight: 0.6, color: "#17222d", fillOpacity: 0.95,
        fillColor: never ? D.colours.never : done ? D.colours.good : D.colours.bad,
        form: never ? "triangle" : done ? "circle" : "square"
      }).bindPopup(function () { return pointTip(p); }).addTo(marks);
    });
  }
  function sign(form, colour) {
    return phusong.svg(form === "triangle" ? "path" : form === "square" ? "rect" : form === "line" ? "path" : "circle",
      form === "triangle" ? { d: "M11 1 18 13H4z", fill: colour } : form === "line" ? { d: "M1 7H21", stroke: colour, "stroke-width": 3 } :
      form === "square" ? { x: 5, y: 1, width: 12, height: 12, fill: colour } : { cx: 11, cy: 7, r: 5, fill: colour });
  }
  [["line", D.colours.old, "existing"], ["line", D.colours.added, "new"], ["circle", D.colours.good, "served"],
    ["square", D.colours.bad, "unserved"], ["triangle", D.colours.never, "never"],
    ["square", D.colours.now, "coveredNow"], ["square", D.colours.gain, "coveredNew"]].forEach(function (entry) {
    byId("p-key").append(el("li", {}, el("span", {}, sign(entry[0], entry[1]), document.createTextNode(" " + say(entry[2])))));
  });
  byId("p-image").addEventListener("change", draw);
  document.querySelectorAll("input[name=state]").forEach(function (input) { input.addEventListener("change", draw); });
  map.on("zoomend", draw);
  map.fitBounds(D.bounds);
  draw();
}());
