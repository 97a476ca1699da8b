// The crops of all takes are one video, one above the other: whatever is drawn is of one frame, of every take.
"use strict";
(() => {
  const find = (name) => document.getElementById(name);
  const [root, video, canvas, wipe] = ["compare", "loop", "picture", "wipe"].map(find);
  const [left, right, play, told] = ["left", "right", "play", "told"].map(find);
  const names = find("names");
  const [leftName, rightName] = ["left-name", "right-name"].map(find);
  const paint = canvas.getContext("2d");
  const { width, height } = canvas;
  const pitch = Number(canvas.dataset.pitch);
  const rate = Number(canvas.dataset.rate);
  const frames = Number(canvas.dataset.frames);
  const first = Number(canvas.dataset.first);
  const step = Number(wipe.max) / 50;
  let zoom = 1;

  const place = () => Math.round((width * Number(wipe.value)) / Number(wipe.max));
  const frame = () => Math.min(frames - 1, Math.floor(video.currentTime * rate + 0.01));

  const draw = () => {
    if (video.readyState >= 2) {
      const at = place();
      const part = (take, from, length) => {
        if (length > 0) {
          paint.drawImage(video, from, Number(take.value) * pitch, length, height, from, 0, length, height);
        }
      };
      part(left, 0, at);
      part(right, at, width - at);
      paint.fillStyle = "#ffffff";
      paint.fillRect(at - 1, 0, 2, height);
      told.textContent = `frame ${first + frame()}`;
    }
    requestAnimationFrame(draw);
  };

  const move = (value) => {
    wipe.value = String(Math.max(0, Math.min(Number(wipe.max), value)));
  };
  const drag = (event) => {
    const box = canvas.getBoundingClientRect();
    move((Number(wipe.max) * (event.clientX - box.left)) / box.width);
  };
  const name = () => {
    leftName.textContent = `◂ ${left.selectedOptions[0].textContent}`;
    rightName.textContent = `${right.selectedOptions[0].textContent} ▸`;
  };
  const start = () => {
    video.play().catch(() => say());
  };
  const say = () => {
    play.textContent = video.paused ? "Play" : "Pause";
  };
  const toggle = () => (video.paused ? start() : video.pause());
  const seek = (frames_on) => {
    video.pause();
    video.currentTime = (((frame() + frames_on + frames) % frames) + 0.5) / rate;
  };
  const fit = () => {
    // One sample on one pixel of the screen, whatever the browser calls a pixel.
    canvas.style.width = `${(width * zoom) / devicePixelRatio}px`;
    canvas.style.height = `${(height * zoom) / devicePixelRatio}px`;
    for (const part of [wipe, names]) {
      part.style.width = canvas.style.width;
    }
  };

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    drag(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) {
      drag(event);
    }
  });
  document.addEventListener("keydown", (event) => {
    const busy = event.target instanceof Element && event.target.closest("select, button, input, summary");
    if (event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    const keys = {
      ArrowLeft: () => move(Number(wipe.value) - step),
      ArrowRight: () => move(Number(wipe.value) + step),
      " ": toggle,
    };
    const always = { ",": () => seek(-1), ".": () => seek(1) };
    const act = always[event.key] || (busy ? undefined : keys[event.key]);
    if (act) {
      event.preventDefault();
      act();
    }
  });
  play.addEventListener("click", toggle);
  find("back").addEventListener("click", () => seek(-1));
  find("on").addEventListener("click", () => seek(1));
  find("zoom").addEventListener("click", () => {
    zoom = zoom === 1 ? 2 : 1;
    find("zoom").textContent = zoom === 1 ? "2:1" : "1:1";
    fit();
  });
  for (const choice of [left, right]) {
    choice.addEventListener("change", name);
  }
  for (const change of ["play", "pause"]) {
    video.addEventListener(change, say);
  }
  window.addEventListener("resize", fit);
  root.classList.add("running");
  video.controls = false;
  name();
  fit();
  start();
  requestAnimationFrame(draw);
})();
