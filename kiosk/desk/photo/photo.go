// Package photo makes a document's photograph fit for the screen.
//
// A photograph comes from a chip that anybody may have programmed, so it is decoded where it can do
// no harm: JPEG 2000 by opj_decompress (OpenJPEG) in a process of its own with limits on memory,
// processor time and wall time, JPEG by Go's decoder after its size was looked at. On Linux nothing touches
// the disk: the process reads from and writes to anonymous memory. Windows has none that has a name, so there the
// process gets temporary files, which are overwritten and deleted.
package photo

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image/jpeg"
	"image/png"
	"time"

	"balcao/kiosk"
)

// Limits on what is decoded. ICAO 9303-9 portraits are below 1 Mpixel and 100 KB.
const (
	maxBytes   = 1 << 20
	maxSide    = 4096
	maxPixels  = 8 << 20
	maxPNG     = 32 << 20
	addressMax = 512 << 20 // bytes of address space of the decoder
	cpuMax     = 5         // seconds
	wallMax    = 10 * time.Second
)

// Errors of ForScreen.
var (
	ErrFormat   = errors.New("photo: neither JPEG nor JPEG 2000")
	ErrTooLarge = errors.New("photo: larger than a portrait can be")
	ErrDamaged  = errors.New("photo: cannot be decoded")
)

var (
	jp2Signature = []byte{0, 0, 0, 12, 'j', 'P', ' ', ' ', '\r', '\n', 0x87, '\n'} // ISO/IEC 15444-1 I.5.1
	j2kSignature = []byte{0xFF, 0x4F, 0xFF, 0x51}                                  // SOC, SIZ: A.4.1, A.5.1
	jpegStart    = []byte{0xFF, 0xD8, 0xFF}
)

// ForScreen returns the photograph as JPEG or PNG. The caller wipes the result when the person leaves.
func ForScreen(ctx context.Context, raw []byte) (*kiosk.Photo, error) {
	if len(raw) > maxBytes {
		return nil, ErrTooLarge
	}
	switch {
	case bytes.HasPrefix(raw, jpegStart):
		return fromJPEG(raw)
	case bytes.HasPrefix(raw, jp2Signature):
		return fromJPEG2000(ctx, raw, ".jp2")
	case bytes.HasPrefix(raw, j2kSignature):
		return fromJPEG2000(ctx, raw, ".j2k")
	}
	return nil, ErrFormat
}

func fromJPEG(raw []byte) (*kiosk.Photo, error) {
	c, err := jpeg.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return nil, ErrDamaged
	}
	if !portrait(c.Width, c.Height) {
		return nil, ErrTooLarge
	}
	if _, err := jpeg.Decode(bytes.NewReader(raw)); err != nil {
		return nil, ErrDamaged
	}
	return &kiosk.Photo{Kind: kiosk.JPEG, Data: bytes.Clone(raw)}, nil
}

func fromJPEG2000(ctx context.Context, raw []byte, ext string) (*kiosk.Photo, error) {
	width, height, ok := sizeOfJPEG2000(raw)
	if !ok {
		return nil, ErrDamaged
	}
	if !portrait(width, height) {
		return nil, ErrTooLarge
	}
	ctx, cancel := context.WithTimeout(ctx, wallMax)
	defer cancel()
	decoded, err := decompress(ctx, raw, ext)
	if err != nil {
		return nil, err
	}
	c, err := png.DecodeConfig(bytes.NewReader(decoded))
	if err != nil || !portrait(c.Width, c.Height) {
		clear(decoded)
		return nil, ErrDamaged
	}
	return &kiosk.Photo{Kind: kiosk.PNG, Data: decoded}, nil
}

func portrait(width, height int) bool {
	return width > 0 && height > 0 && width <= maxSide && height <= maxSide && width*height <= maxPixels
}

// sizeOfJPEG2000 reads the image size from the SIZ marker segment (ISO/IEC 15444-1 A.5.1), which both
// the JP2 file and the bare codestream carry.
func sizeOfJPEG2000(raw []byte) (width, height int, ok bool) {
	at := bytes.Index(raw, j2kSignature)
	if at < 0 || len(raw) < at+24 {
		return 0, 0, false
	}
	siz := raw[at+2:]
	xSize, ySize := binary.BigEndian.Uint32(siz[6:]), binary.BigEndian.Uint32(siz[10:])
	xOff, yOff := binary.BigEndian.Uint32(siz[14:]), binary.BigEndian.Uint32(siz[18:])
	if xOff >= xSize || yOff >= ySize || xSize > 1<<30 || ySize > 1<<30 {
		return 0, 0, false
	}
	return int(xSize - xOff), int(ySize - yOff), true
}
