// The report works without this script; it adds sorting, filtering, the framed map, theme and print.
"use strict";
(function () {
  function byId(id) { return document.getElementById(id); }
  function fold(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[đĐðÐ]/g, "d").toLowerCase()
      .replace(/[^a-z0-9]+/g, " ").replace(/\bquy/g, "qui").trim();
  }
  var table = byId("table"), body = table.tBodies[0], rows = Array.from(body.rows);
  var keys = rows.map(function (row) { return fold(row.cells[0].textContent + " " + row.cells[1].textContent); });
  var collator = new Intl.Collator(document.documentElement.lang);
  function value(row, k) {
    var cell = row.cells[k];
    return cell.dataset.v === undefined ? NaN : Number(cell.dataset.v);
  }
  table.tHead.querySelectorAll("th").forEach(function (head, k, heads) {
    head.firstElementChild.addEventListener("click", function () {
      var up = head.getAttribute("aria-sort") !== "ascending", sign = up ? 1 : -1;
      heads.forEach(function (other) { other.setAttribute("aria-sort", "none"); });
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      var sorted = rows.slice().sort(function (a, b) {
        if (head.dataset.kind === "text") { return sign * collator.compare(a.cells[k].textContent, b.cells[k].textContent); }
        var x = value(a, k), y = value(b, k);
        if (isNaN(x) || isNaN(y)) { return isNaN(x) - isNaN(y); }
        return sign * (x - y);
      });
      body.append.apply(body, sorted);
      onPaper();
    });
  });
  // On paper: the first rows of what the reader asked for; until then those that the page was written with.
  var most = rows.filter(function (row) { return !row.classList.contains("fold"); }).length;
  function onPaper() {
    Array.from(body.rows).filter(function (row) { return !row.hidden; }).forEach(function (row, k) { row.classList.toggle("fold", k >= most); });
  }
  function filter() {
    var key = fold(byId("filter").value), column = Number(byId("column").value), below = parseFloat(byId("below").value), shown = 0;
    rows.forEach(function (row, k) {
      var good = keys[k].indexOf(key) >= 0 && (isNaN(below) || value(row, column) < below);
      row.hidden = !good;
      shown += good ? 1 : 0;
    });
    byId("shown").value = byId("shown").dataset.text.replace("{0}", shown).replace("{1}", rows.length);
  }
  ["filter", "column", "below"].forEach(function (id) { byId(id).addEventListener("input", function () { filter(); onPaper(); }); });
  filter();

  byId("embed").addEventListener("click", function () {
    var box = byId("frame"), shown = !box.hidden;
    if (!shown && !box.firstChild) {
      var frame = document.createElement("iframe");
      frame.src = "map.html";
      frame.title = box.dataset.title;
      box.append(frame);
    }
    box.hidden = shown;
    this.setAttribute("aria-expanded", String(!shown));
    this.textContent = shown ? this.dataset.show : this.dataset.hide;
  });
  byId("whole").addEventListener("change", function () { document.body.classList.toggle("whole", this.checked); });
  // The form for villages: the sheet is filled when it is asked for, and stands alone on paper until it is printed.
  function leave() { document.body.classList.remove("onlyform"); }
  function fill(option) {
    var villages = option.dataset.villages.split("\n").concat("\t", "\t", "\t");
    byId("sheet-commune").textContent = option.textContent + (option.value ? " (" + option.value + ")" : "");
    byId("sheet").querySelectorAll("tbody").forEach(function (part) {
      part.replaceChildren.apply(part, villages.map(function (line, k) {
        var row = document.createElement("tr"), head = document.createElement("th"), own = document.createElement("small");
        var pair = line.split("\t");
        row.insertCell().textContent = String(k + 1);
        head.scope = "row";
        own.textContent = pair[0];
        head.append(pair[1], " ", own);
        row.append(head);
        for (var n = Number(part.parentNode.dataset.cells); n > 0; n -= 1) { row.insertCell(); }
        return row;
      }));
    });
  }
  if (byId("form")) {
    var choice = byId("form-commune");
    choice.append.apply(choice, Array.from(choice.options).sort(function (a, b) {
      return collator.compare(a.textContent, b.textContent);
    }));
    choice.selectedIndex = 0;
    byId("form-tools").hidden = false;
    byId("form-print").addEventListener("click", function () {
      fill(choice.selectedOptions[0]);
      document.body.classList.add("onlyform");
      window.print();
    });
    window.addEventListener("afterprint", leave);
  }
  byId("print").addEventListener("click", function () { leave(); window.print(); });
  byId("theme").addEventListener("click", function () {
    var root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === "dark" :
      window.matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
}());
