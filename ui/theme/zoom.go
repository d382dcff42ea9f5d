package theme

// Zoom is by how much a window's texts, signs and gaps are larger than the design's: the citizen's screen is a
// tablet at one desk and a large monitor at another, and is read from the same chair. The setting of the text size
// multiplies texts besides. The zero Zoom, and none, is 1.
type Zoom struct{ factor float32 }

// Set changes the factor, and reports whether it was another. What is drawn has to be refreshed then.
func (z *Zoom) Set(factor float32) bool {
	before := z.factor
	z.factor = factor
	return factor != before
}

// Of is a length of the design, zoomed.
func (z *Zoom) Of(length float32) float32 {
	if z == nil || z.factor == 0 {
		return length
	}
	return length * z.factor
}
