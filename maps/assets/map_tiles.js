// Online tiles below all else: off until somebody switches them on. What does not come leaves the ground bare.
"use strict";
function phusongTiles(map) {
  var T = JSON.parse(document.getElementById("phusong-tiles").textContent), el = phusong.el;
  var pane = document.getElementById("pane-map"), layers = [], on = false;
  var blank = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
  function tiles(where) {
    return L.tileLayer(T.url, { attribution: el("span", { text: T.attribution }).innerHTML, maxZoom: 19, errorTileUrl: blank, pane: where, zIndex: 0 });
  }
  function show() {
    // The earlier side of a slider has a ground of its own above the later one's.
    if (on && !layers.length) { layers = ["tilePane", "beforeRelief"].filter(function (name) { return map.getPane(name); }).map(tiles); }
    layers.forEach(function (layer) { if (on) { layer.addTo(map); } else { layer.remove(); } });
  }
  function offer() {
    var list = document.getElementById("layers");
    if (!list || list.querySelector('[name="tiles"]')) { return; }
    var input = el("input", { type: "checkbox", name: "tiles", "aria-describedby": "tiles-note", onchange: function () { on = this.checked; show(); } });
    input.checked = on;
    list.append(el("label", { class: "choice" }, input, el("span", { text: T.switch })), el("p", { class: "quiet", id: "tiles-note", text: T.note }));
  }
  // The pane is filled anew when a search shows a layer.
  new MutationObserver(offer).observe(pane, { childList: true });
  offer();
}
