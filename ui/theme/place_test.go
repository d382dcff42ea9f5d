package theme_test

import (
	"image"
	"testing"

	"balcao/ui/theme"
)

// TestPlaces: on a monitor of 1920 by 1080 and on larger ones no window covers another; on a smaller one the bench is
// behind the desk's two, none is cut off, and of each something is left to click while another is in front.
func TestPlaces(t *testing.T) {
	for _, c := range []struct {
		name  string
		area  image.Rectangle
		apart bool
	}{
		{"1920x1080", image.Rect(0, 0, 1920, 1080), true},
		{"1920x1080 below a panel", image.Rect(0, 32, 1920, 1080), true},
		{"2560x1440", image.Rect(0, 0, 2560, 1440), true},
		{"second of two", image.Rect(1280, 0, 3200, 1080), true},
		{"wide and low", image.Rect(0, 0, 2360, 860), false},
		{"1366x768", image.Rect(0, 0, 1366, 768), false},
		{"1280x800", image.Rect(0, 0, 1280, 800), false},
		{"1280x1024", image.Rect(0, 0, 1280, 1024), false},
		{"1600x900", image.Rect(0, 0, 1600, 900), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := theme.PlacesOn(c.area)
			least := map[string]int{"clerk": 760, "citizen": 480, "bench": 960}
			all := map[string]image.Rectangle{"clerk": p.Clerk, "citizen": p.Citizen, "bench": p.Bench}
			for name, at := range all {
				if !at.In(c.area) || at.Dx() < least[name] || at.Dy() < 200 {
					t.Errorf("%s at %v: too small, or not all of it on the screen", name, at)
				}
				for other, its := range all {
					if other != name && (c.apart || name != "bench" && other != "bench") && framed(at).Overlaps(framed(its)) {
						t.Errorf("%s at %v covers %s at %v", name, at, other, its)
					}
					if other != name && at.In(its) {
						t.Errorf("%s at %v hides %s at %v", other, its, name, at)
					}
				}
			}
		})
	}
}

// framed is a window with a title bar of 26 pixels and a frame of 4.
func framed(at image.Rectangle) image.Rectangle {
	return image.Rect(at.Min.X-4, at.Min.Y-26, at.Max.X+4, at.Max.Y+4)
}

// On a monitor that is set to 150 %, places are in units of the toolkit, of which it has fewer than pixels.
func TestScaled(t *testing.T) {
	area := theme.Scaled(image.Rect(-1920, 30, 0, 1080), 1.5)
	if want := image.Rect(-1280, 20, 0, 720); area != want {
		t.Errorf("got %v, want %v", area, want)
	}
	if p := theme.PlacesOn(area); !p.Clerk.In(area) || !p.Citizen.In(area) {
		t.Errorf("got %v and %v outside %v", p.Clerk, p.Citizen, area)
	}
}
