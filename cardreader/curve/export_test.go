package curve

// Plain returns the curve with the arithmetic of this package, also where the standard library has the curve.
func (c *Curve) Plain() *Curve {
	plain := *c
	plain.standard = nil
	return &plain
}

// Known lists all curves.
func Known() []*Curve { return known }
