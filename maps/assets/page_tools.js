// The buttons at the head of a page of sections: print, and light or dark.
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
