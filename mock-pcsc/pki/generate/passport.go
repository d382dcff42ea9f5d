package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
)

// Sizes of photographs in passports: the least that issuers get by with, and the most that they allow
// themselves.
const (
	smallPortrait = 8 << 10
	largePortrait = 60 << 10
	largeScale    = 2
	largeRatio    = "42" // of 808 x 1076 pixels of three bytes to 60 KB
)

// drawPassportPortraits draws the faces again in JPEG, and two of them large: one in JPEG, one in
// JPEG 2000.
func drawPassportPortraits(dir string) error {
	for _, f := range faces() {
		if err := compressJPEG(f, 1, smallPortrait, filepath.Join(dir, f.name+".jpg")); err != nil {
			return fmt.Errorf("portrait %s: %w", f.name, err)
		}
	}
	all := faces()
	if err := compressJPEG(all[1], largeScale, largePortrait, filepath.Join(dir, all[1].name+"-large.jpg")); err != nil {
		return fmt.Errorf("large portrait %s: %w", all[1].name, err)
	}
	if err := compress(all[2].draw(largeScale), filepath.Join(dir, all[2].name+"-large.jp2"), largeRatio); err != nil {
		return fmt.Errorf("large portrait %s: %w", all[2].name, err)
	}
	return nil
}

// compressJPEG writes the best quality that stays below a size.
func compressJPEG(f face, scale float64, most int, path string) error {
	picture := image.NewRGBA(image.Rect(0, 0, int(portraitWidth*scale), int(portraitHeight*scale)))
	for y := range picture.Rect.Dy() {
		for x := range picture.Rect.Dx() {
			c := f.at(float64(x)/scale-portraitWidth/2, float64(y)/scale-portraitHeight/2)
			picture.SetRGBA(x, y, color.RGBA{clamp(c.r), clamp(c.g), clamp(c.b), 255})
		}
	}
	for quality := 100; quality > 0; quality-- {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, picture, &jpeg.Options{Quality: quality}); err != nil {
			return err
		}
		if file := interchange(b.Bytes()); len(file) <= most {
			return os.WriteFile(path, file, 0o644) // public test material
		}
	}
	return fmt.Errorf("no quality brings it below %d bytes", most)
}

// interchange makes a JFIF file of what package jpeg writes: an APP0 segment (ITU-T T.871 §10.1) of version
// 1.02, square pixels and no thumbnail behind the start of the image. The pictures of issuers have it, and Debian's
// mrtdreader finds no picture without.
func interchange(jpeg []byte) []byte {
	const start = 2
	segment := "\xFF\xE0\x00\x10JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00"
	return slices.Concat(jpeg[:start], []byte(segment), jpeg[start:])
}
