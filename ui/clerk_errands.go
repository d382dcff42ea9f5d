package ui

import (
	"fyne.io/fyne/v2"

	"balcao/ui/present"
)

// errandsPage is the list of what a person may have come for, and what this desk did today.
type errandsPage struct {
	choice *choice
	names  []string
	of     [][]string // the errands that each tile stands for
	object fyne.CanvasObject
}

func newErrandsPage(keys *keyboard, seek func(fyne.CanvasObject, float32, float32)) *errandsPage {
	p := &errandsPage{}
	p.choice = newTiles(keys, &tiles{columns: 2}, func() { p.choice.seek(seek) }, func() {})
	p.object = rows(0, p.choice)
	return p
}

func (p *errandsPage) content() fyne.CanvasObject { return p.object }

func (p *errandsPage) show(m present.ClerkModel) {
	opens := len(p.names) == 0
	p.names, p.of = m.Errands.Names, m.Errands.Of
	p.choice.offer(m.Errands.Label, "", m.Errands.Options)
	if opens { // afterwards the arrows choose, whatever else of the window is drawn anew
		p.choice.put(m.Errands.Chosen)
	}
}

// first has the arrow keys.
func (p *errandsPage) first() fyne.Focusable { return p.choice }

// chosen is the name of the errand that the chosen tile begins, and those that it stands for.
func (p *errandsPage) chosen() (name string, of []string) {
	if i := p.choice.chosen; i >= 0 && i < len(p.names) {
		return p.names[i], p.of[i]
	}
	return "", nil
}
