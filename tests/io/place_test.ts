import { assertEquals, assertThrows } from "@std/assert";
import { RanetError } from "../../lib/errors.ts";
import { changePath, inFolder, isUrl, placeName, sideFile, toPlace } from "../../lib/io/place.ts";

Deno.test("toPlace() converts file: URLs to paths, and keeps other URLs and paths", () => {
  assertEquals(toPlace("file:///a%20b/%23%25.jpg"), "/a b/#%.jpg");
  assertEquals(toPlace(new URL("file:///a/x.jpg")), "/a/x.jpg");
  for (const place of ["a/x.jpg", "/a%20b", "C:\\x.jpg", "https://x.org/a%20b", "data:,a", "blob:x"]) {
    assertEquals(toPlace(place), place);
  }
  assertThrows(() => toPlace("file://host/x.jpg"), RanetError, "refers to another host, host");
  assertThrows(() => toPlace("file://a b"), RanetError, "expected file:///path");
  assertThrows(() => toPlace("file:///%x.jpg"), RanetError, "with % written as %25");
});

Deno.test("isUrl() distinguishes URLs from paths", () => {
  for (const url of ["HTTP://x", "https://x", "data:,x", "blob:null/1", "file:///x"]) {
    assertEquals(isUrl(url), true, url);
  }
  for (const path of ["x.jpg", "C:/x", "a:b", "httpx"]) assertEquals(isUrl(path), false, path);
});

Deno.test("sideFile() derives the names of files next to weights, on disk and on the web", () => {
  assertEquals(sideFile("m/weights.safetensors", "temperatures"), "m/temperatures.json");
  assertEquals(sideFile("m/a.safetensors", "calibration"), "m/a.calibration.json");
  assertEquals(sideFile("https://x.org/m/weights.safetensors", "calibration"), "https://x.org/m/calibration.json");
  const signed = "https://x.org/a.safetensors?v=2";
  assertEquals(sideFile(signed, "temperatures"), "https://x.org/a.temperatures.json?v=2");
  assertEquals(sideFile("data:,x", "temperatures"), undefined);
  assertEquals(sideFile("blob:https://x.org/1", "temperatures"), undefined);
  assertEquals(inFolder("m//", "spec.yaml"), "m/spec.yaml");
  assertEquals(inFolder("https://x.org/m/?v=2", "spec.yaml"), "https://x.org/m/spec.yaml?v=2");
  assertEquals(changePath("a", (path) => `${path}b`), "ab");
});

Deno.test("placeName() shortens long data: URLs", () => {
  assertEquals(placeName(`data:image/png;base64,${"A".repeat(300)}`).length, 41);
  assertEquals(placeName("data:,x"), "data:,x");
});
