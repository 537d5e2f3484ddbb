// The page of a comparison works without this script; it adds print and theme.
"use strict";
(function () {
  function byId(id) { return document.getElementById(id); }
  byId("print").addEventListener("click", function () { window.print(); });
  byId("theme").addEventListener("click", function () {
    var root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === "dark" :
      window.matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
}());
