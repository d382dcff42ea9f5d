package window

import "fyne.io/fyne/v2"

// parts is the window's layout: a page, or in a window lower than stripBelow a strip under the desk's windows,
// which leaves the header out. There is no handle to drag: it would be one more thing to reach with Tab.
type parts struct{}

const (
	stripBelow    = 480
	partGap       = 12
	slotWidth     = 290 // in the strip
	documentWidth = 396 // in the strip: 44 characters of a passport's zone
)

// MinSize is the strip's.
func (parts) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(960, objects[2].MinSize().Height+objects[1].MinSize().Height+2*partGap)
}

func (parts) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	header, footer, slots := objects[0], objects[1], objects[2:4]
	heading, cards, document, messages := objects[4], objects[5], objects[6], objects[7]
	put := func(o fyne.CanvasObject, x, y, width, height float32) {
		o.Move(fyne.NewPos(x, y))
		o.Resize(fyne.NewSize(width, height))
	}
	bottom := size.Height - footer.MinSize().Height
	put(footer, 0, bottom, size.Width, size.Height-bottom)
	bottom -= partGap
	head := heading.MinSize().Height + 6
	if size.Height < stripBelow {
		header.Hide()
		high := bottom - partGap
		x := float32(partGap)
		for _, slot := range slots {
			put(slot, x, partGap, slotWidth, high)
			x += slotWidth + partGap
		}
		rest := size.Width - x - 3*partGap - documentWidth
		put(heading, x, partGap, rest/2, head)
		put(cards, x, partGap+head, rest/2, high-head)
		x += rest/2 + partGap
		put(document, x, partGap+head, documentWidth, high-head)
		x += documentWidth + partGap
		put(messages, x, partGap, rest/2, high)
		return
	}
	header.Show()
	const edge, gap = 20, 14
	top := header.MinSize().Height
	put(header, 0, 0, size.Width, top)
	top += edge
	left := (size.Width - 3*edge) * 0.6
	put(messages, 2*edge+left, top, size.Width-3*edge-left, bottom-top)
	width, high := (left-gap)/2, slots[0].MinSize().Height
	for i, slot := range slots {
		put(slot, edge+float32(i)*(width+gap), top, width, high)
	}
	top += high + gap
	put(heading, edge, top, left, head)
	top += head
	low := document.MinSize().Height
	put(cards, edge, top, left, bottom-low-gap-top)
	put(document, edge, bottom-low, left, low)
}
