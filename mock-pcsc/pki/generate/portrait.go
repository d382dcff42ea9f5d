package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
)

// Size of the photographs on Citizen Cards, and the compression that brings 404 x 538 pixels of
// three bytes to the 13 KB that their photographs have.
const (
	portraitWidth  = 404
	portraitHeight = 538
	portraitRatio  = "50"
)

type colour struct{ r, g, b float64 }

func (c colour) mix(d colour, t float64) colour {
	return colour{c.r + (d.r-c.r)*t, c.g + (d.g-c.g)*t, c.b + (d.b-c.b)*t}
}

func (c colour) shade(f float64) colour { return colour{c.r * f, c.g * f, c.b * f} }

// A face is somebody who does not exist, described well enough to be drawn.
type face struct {
	name                     string
	skin, hair, shirt        colour
	width                    float64 // of the head, 1 is average
	long, bald, beard, specs bool
}

var (
	fair, olive, brown = colour{236, 196, 170}, colour{214, 166, 130}, colour{141, 94, 66}
	black, chestnut    = colour{38, 32, 30}, colour{88, 56, 36}
	blond, grey, white = colour{196, 158, 96}, colour{150, 150, 152}, colour{238, 238, 236}
)

func faces() []face {
	return []face{
		{name: "a", skin: olive, hair: black, shirt: colour{44, 66, 110}, width: 1.00, long: true},
		{name: "b", skin: fair, hair: chestnut, shirt: colour{66, 84, 72}, width: 1.04, beard: true},
		{name: "c", skin: brown, hair: black, shirt: colour{150, 62, 54}, width: 0.97, long: true, specs: true},
		{name: "d", skin: olive, hair: grey, shirt: colour{58, 58, 64}, width: 1.06, bald: true, specs: true},
		{name: "e", skin: fair, hair: blond, shirt: colour{196, 176, 120}, width: 0.94},
		{name: "f", skin: brown, hair: black, shirt: colour{70, 120, 140}, width: 1.02, beard: true},
	}
}

func drawPortraits(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	for _, f := range faces() {
		if err := compress(f.draw(1), filepath.Join(dir, f.name+".jp2"), portraitRatio); err != nil {
			return fmt.Errorf("portrait %s: %w", f.name, err)
		}
	}
	return drawPassportPortraits(dir)
}

func compress(ppm []byte, path, ratio string) error {
	raw := path + ".ppm"
	if err := os.WriteFile(raw, ppm, 0o600); err != nil {
		return fmt.Errorf("writing the bitmap: %w", err)
	}
	defer os.Remove(raw)
	out, err := exec.Command("opj_compress", "-i", raw, "-o", path, "-r", ratio).CombinedOutput()
	if err != nil {
		return fmt.Errorf("opj_compress: %w: %s", err, out)
	}
	return nil
}

// draw renders the face as a binary PPM, scale times as wide and high.
func (f face) draw(scale float64) []byte {
	width, height := int(portraitWidth*scale), int(portraitHeight*scale)
	var b bytes.Buffer
	fmt.Fprintf(&b, "P6\n%d %d\n255\n", width, height)
	for y := range height {
		for x := range width {
			c := f.at(float64(x)/scale-portraitWidth/2, float64(y)/scale-portraitHeight/2)
			b.Write([]byte{clamp(c.r), clamp(c.g), clamp(c.b)})
		}
	}
	return b.Bytes()
}

// at is the colour at a point, the centre of the picture being the origin: shapes are laid over each
// other from the background to the front, each with an edge two pixels soft.
func (f face) at(x, y float64) colour {
	c := colour{222, 226, 230}.mix(colour{196, 204, 212}, (y+270)/540)
	w := f.width
	lay := func(over colour, cover float64) { c = c.mix(over, cover) }
	if f.long {
		lay(f.hair.shade(0.9), ellipse(x, y, 0, 20, 132*w, 190))
	}
	lay(f.shirt.shade(1.1-math.Abs(x)/700), ellipse(x, y, 0, 300, 190, 130))
	lay(f.skin.shade(0.84), ellipse(x, y, 0, 165, 52, 85))
	for _, side := range []float64{-1, 1} {
		lay(f.skin.shade(0.9), ellipse(x, y, side*108*w, -5, 15, 30))
	}
	light := 1.05 - math.Hypot(x+25, y+40)/900
	lay(f.skin.shade(light), ellipse(x, y, 0, 0, 106*w, 148))
	if f.beard {
		lay(f.hair, 0.85*ellipse(x, y, 0, 88, 82*w, 64)*(1-ellipse(x, y, 0, 20, 94*w, 52)))
	}
	f.layHair(x, y, lay)
	f.layFeatures(x, y, lay)
	return c
}

func (f face) layHair(x, y float64, lay func(colour, float64)) {
	top := ellipse(x, y, 0, -48, 118*f.width, 122) * (1 - ellipse(x, y, 8, 30, 100*f.width, 130))
	if f.bald {
		top *= 1 - ellipse(x, y, 0, -110, 78, 90)
	}
	strand := 0.94 + 0.06*math.Sin(x*0.9+y*0.15)
	lay(f.hair.shade(strand), top)
}

func (f face) layFeatures(x, y float64, lay func(colour, float64)) {
	dark := f.hair.mix(black, 0.4)
	for _, side := range []float64{-1, 1} {
		ex := side * 44 * f.width
		lay(white, ellipse(x, y, ex, -12, 20, 10))
		lay(colour{84, 62, 44}, ellipse(x, y, ex, -12, 9, 9))
		lay(black, ellipse(x, y, ex, -12, 4, 4))
		lay(white, ellipse(x, y, ex+3, -15, 2, 2))
		lay(dark, ellipse(x, y, ex, -36, 27, 5))
		if f.specs {
			rim := ellipse(x, y, ex, -10, 36, 28) * (1 - ellipse(x, y, ex, -10, 32, 24))
			lay(black, rim)
		}
	}
	lay(f.skin.shade(0.82), ellipse(x, y, 7, 24, 9, 30))
	lay(f.skin.shade(1.06), ellipse(x, y, 0, 20, 9, 34))
	lay(f.skin.shade(0.72), ellipse(x, y, 0, 54, 19, 5))
	lay(colour{172, 92, 88}.mix(f.skin, 0.25), ellipse(x, y, 0, 86, 36, 10))
	lay(colour{120, 60, 58}, ellipse(x, y, 0, 86, 34, 2))
}

// ellipse is 1 inside the ellipse around (cx, cy) with half axes a and b, 0 outside.
func ellipse(x, y, cx, cy, a, b float64) float64 {
	distance := (math.Hypot((x-cx)/a, (y-cy)/b) - 1) * math.Min(a, b)
	return math.Max(0, math.Min(1, 0.5-distance/2))
}

func clamp(v float64) byte { return byte(math.Max(0, math.Min(255, v))) }
