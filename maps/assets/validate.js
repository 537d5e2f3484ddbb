// The map of disagreement: squares that were measured, by what map and measurement say.
"use strict";
(function () {
  var D = phusong.data, say = phusong.say, el = phusong.el, number = phusong.number;
  function byId(id) { return document.getElementById(id); }
  var box = byId("disagreement");
  if (!box || !D.squares) { return; }
  var south = D.bounds[0], west = D.bounds[1], north = D.bounds[2], east = D.bounds[3];
  var map = phusong.communeMap(box, "#5b6874", 0.35);
  // What disagrees is drawn last, above all else.
  var ordered = D.squares.slice().sort(function (a, b) { return b[4] - a[4]; });
  var marks = L.layerGroup().addTo(map), shown = D.kinds.map(function () { return true; });
  function level(value) { return value === null ? say("silent") : number(value, 1) + " dBm"; }
  function tip(s) {
    var node = el("div", {}, el("b", { text: D.services[s[2]] + ", " + D.operators[s[3]] }));
    [D.kinds[s[4]].label, say("measured") + ": " + level(s[5]),
      say("predicted") + ": " + (s[6] === null ? "–" : number(s[6], 1) + " dBm"),
      say("samplesHere", number(s[7])), number(s[0] / 1e5, 5) + ", " + number(s[1] / 1e5, 5)
    ].forEach(function (line) { node.append(el("div", { text: line })); });
    return node;
  }
  function draw() {
    var service = Number(byId("v-service").value), operator = Number(byId("v-operator").value);
    marks.clearLayers();
    var count = D.kinds.map(function () { return 0; }), scale = Math.min(Math.max((map.getZoom() - 5) / 7, 0.5), 1);
    ordered.forEach(function (s) {
      if (s[2] !== service || (operator >= 0 && s[3] !== operator)) { return; }
      count[s[4]] += 1;
      if (!shown[s[4]]) { return; }
      var kind = D.kinds[s[4]];
      new phusong.Mark([s[0] / 1e5, s[1] / 1e5], {
        radius: kind.radius * scale, weight: scale < 1 ? 0.2 : 0.8, color: "#17222d", fillColor: kind.colour, fillOpacity: 0.9, form: kind.form
      }).bindPopup(function () { return tip(s); }).addTo(marks);
    });
    D.kinds.forEach(function (_, k) { byId("v-count" + k).textContent = number(count[k]); });
  }
  D.kinds.forEach(function (kind, k) {
    var tick = el("input", { type: "checkbox", checked: "", onchange: function () { shown[k] = this.checked; draw(); } });
    var sign = phusong.svg(kind.form === "triangle" ? "path" : kind.form === "square" ? "rect" : "circle",
      kind.form === "triangle" ? { d: "M11 1 18 13H4z", fill: kind.colour } :
      kind.form === "square" ? { x: 5, y: 1, width: 12, height: 12, fill: kind.colour } :
      { cx: 11, cy: 7, r: 5, fill: kind.colour });
    byId("v-key").append(el("li", {}, el("label", {}, tick, sign, document.createTextNode(" " + kind.label)),
      el("b", { id: "v-count" + k })));
  });
  ["v-service", "v-operator"].forEach(function (id) { byId(id).addEventListener("change", draw); });
  map.on("zoomend", draw);
  map.fitBounds(D.view ? [[D.view[0], D.view[1]], [D.view[2], D.view[3]]] : [[south, west], [north, east]]);
  draw();
}());
