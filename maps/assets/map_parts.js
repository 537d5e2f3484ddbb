// Small parts without state: numbers, words, elements, unpacking, points that gather at small scales.
"use strict";
var phusong = {};

phusong.data = JSON.parse(document.getElementById("phusong-data").textContent);

// What is not needed for the first picture lies behind the scripts.
phusong.late = function () { return JSON.parse(document.getElementById("phusong-late").textContent); };

// Act once: after the first picture is on the screen and the page is read to its end. A page that nobody sees
// draws nothing, so time ends the waiting too.
phusong.afterDrawing = function (act) {
  var root = document.documentElement, done = false;
  function once() { if (!done) { done = true; act(); } }
  function whenRead() {
    root.dataset.drawn = "1";
    if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", idle); } else { idle(); }
  }
  function idle() {
    if (window.requestIdleCallback) { window.requestIdleCallback(once, { timeout: 300 }); } else { setTimeout(once, 0); }
  }
  requestAnimationFrame(function () { setTimeout(whenRead, 0); });
  setTimeout(whenRead, 1500);
};

phusong.say = function (key) {
  var values = Array.prototype.slice.call(arguments, 1);
  return phusong.data.words[key].replace(/\{(\d)\}/g, function (_, k) { return values[k]; });
};

phusong.number = function (value, decimals) {
  if (value === null || !isFinite(value)) { return "–"; }
  var marks = phusong.data.marks, parts = Math.abs(value).toFixed(decimals || 0).split(".");
  var whole = parts[0].replace(/\B(?=(\d{3})+(?!\d))/g, marks[1]);
  return (value < 0 ? "-" : "") + whole + (parts[1] ? marks[0] + parts[1] : "");
};

// 100% only where it is complete, 0% only where there is nothing: as in the report.
phusong.percent = function (n, of) {
  if (!of) { return "–"; }
  var share = 100 * n / of;
  if (n < of) { share = Math.min(share, 99.9); }
  if (n > 0) { share = Math.max(share, 0.1); }
  return phusong.number(share, 1) + "%";
};

phusong.distance = function (metres) {
  if (metres === null) { return "–"; }
  return metres < 1000 ? phusong.number(metres) + " m" : phusong.number(metres / 1000, 1) + " km";
};

// Every text from data goes in as text, never as markup.
phusong.el = function (tag, attributes) {
  var node = document.createElement(tag);
  Object.keys(attributes || {}).forEach(function (key) {
    if (key === "text") { node.textContent = attributes[key]; }
    else if (key.slice(0, 2) === "on") { node.addEventListener(key.slice(2), attributes[key]); }
    else if (attributes[key] !== null && attributes[key] !== false) { node.setAttribute(key, attributes[key]); }
  });
  for (var k = 2; k < arguments.length; k++) {
    if (arguments[k]) { node.append(arguments[k]); }
  }
  return node;
};

phusong.svg = function (shape, attributes) {
  var space = "http://www.w3.org/2000/svg", box = document.createElementNS(space, "svg");
  var node = document.createElementNS(space, shape);
  Object.keys(attributes).forEach(function (key) { node.setAttribute(key, attributes[key]); });
  box.setAttribute("width", "22"); box.setAttribute("height", "14"); box.setAttribute("viewBox", "0 0 22 14");
  box.setAttribute("aria-hidden", "true");
  box.append(node);
  return box;
};

// Vietnamese without marks: Đ/đ and Ð too, Quy = Qui, signs as spaces.
phusong.fold = function (text) {
  return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[đĐðÐ]/g, "d").toLowerCase()
    .replace(/[^a-z0-9]+/g, " ").replace(/\bquy/g, "qui").trim();
};

phusong.unpack = function (steps) {
  var points = [], x = 0, y = 0;
  for (var k = 0; k < steps.length; k += 2) {
    x += steps[k]; y += steps[k + 1];
    points.push(new L.LatLng(y / 1e5, x / 1e5));
  }
  return points;
};

phusong.shape = function (polygons) {
  return polygons.map(function (rings) { return rings.map(phusong.unpack); });
};

// A map of the communes alone, on which a page draws what it is about.
phusong.communeMap = function (box, edge, opacity) {
  var say = phusong.say, communes = phusong.data.communes;
  var map = L.map(box, { preferCanvas: true, zoomControl: false, minZoom: 5, maxZoom: 17, zoomSnap: 0.25 });
  map.attributionControl.setPrefix("Leaflet");
  L.control.zoom({ zoomInTitle: say("zoomIn"), zoomOutTitle: say("zoomOut") }).addTo(map);
  L.control.scale({ imperial: false, maxWidth: 130 }).addTo(map);
  box.setAttribute("tabindex", "0");
  box.setAttribute("aria-label", say("map"));
  communes.shape.forEach(function (shape, k) {
    L.polygon(phusong.shape(shape), { weight: 0.7, color: edge, fillColor: "#dfe3dc", fillOpacity: opacity })
      .bindTooltip(communes.name[k], { sticky: true }).addTo(map);
  });
  return map;
};

// A circle on canvas with a number, or a triangle for a site.
phusong.Mark = L.CircleMarker.extend({
  options: { text: "", form: "circle" },
  _updatePath: function () {
    var renderer = this._renderer, context = renderer._ctx, p = this._point, o = this.options;
    if (!renderer._drawing || this._empty()) { return; }
    if (o.form === "triangle") {
      context.beginPath();
      context.moveTo(p.x, p.y - this._radius * 1.15);
      context.lineTo(p.x + this._radius, p.y + this._radius * 0.8);
      context.lineTo(p.x - this._radius, p.y + this._radius * 0.8);
      context.closePath();
      renderer._fillStroke(context, this);
    } else if (o.form === "square") {
      context.beginPath();
      context.rect(p.x - this._radius, p.y - this._radius, 2 * this._radius, 2 * this._radius);
      renderer._fillStroke(context, this);
    } else {
      renderer._updateCircle(this);
    }
    if (o.text) {
      context.globalAlpha = 1;
      context.fillStyle = o.ink || "#fff";
      context.font = "600 " + (o.text.length > 3 ? 10 : 11) + "px 'Segoe UI', 'Noto Sans', sans-serif";
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillText(o.text, p.x, p.y + 0.5);
    }
  }
});

// Points gather on a lattice of pixels while the scale is small; only what is in view is drawn.
phusong.Points = L.LayerGroup.extend({
  initialize: function (options) {
    L.LayerGroup.prototype.initialize.call(this);
    L.setOptions(this, options);
    this._items = [];
  },
  setItems: function (items) { this._items = items; if (this._map) { this._redraw(); } return this; },
  onAdd: function (map) { map.on("moveend", this._redraw, this); this._redraw(); },
  onRemove: function (map) { map.off("moveend", this._redraw, this); this.clearLayers(); },
  _redraw: function () {
    var map = this._map, zoom = map.getZoom(), view = map.getBounds().pad(0.3), options = this.options;
    this.clearLayers();
    var seen = this._items.filter(function (item) { return view.contains(item.at); });
    if (zoom >= options.apart) { seen.forEach(function (item) { this.addLayer(options.one(item)); }, this); return; }
    var seats = new Map();
    this._items.forEach(function (item) {
      var p = map.project(item.at, zoom), key = Math.floor(p.x / 56) + ":" + Math.floor(p.y / 56);
      var seat = seats.get(key) || { x: 0, y: 0, items: [] };
      seat.x += p.x; seat.y += p.y; seat.items.push(item);
      seats.set(key, seat);
    });
    seats.forEach(function (seat) {
      var count = seat.items.length;
      if (count === 1) { if (view.contains(seat.items[0].at)) { this.addLayer(options.one(seat.items[0])); } return; }
      var at = map.unproject([seat.x / count, seat.y / count], zoom);
      if (view.contains(at)) { this.addLayer(options.many(seat.items, at)); }
    }, this);
  }
});
