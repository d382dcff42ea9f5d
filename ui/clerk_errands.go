package ui

import (
	"fyne.io/fyne/v2"

	"balcao/ui/present"
	"balcao/ui/theme"
)

// errandsPage is the list of what a person may have come for.
type errandsPage struct {
	choice *choice
	names  []string
	object fyne.CanvasObject
}

func newErrandsPage(keys *keyboard) *errandsPage {
	p := &errandsPage{}
	p.choice = newListedChoice(keys, func() {}, func() {})
	p.object = theme.Panel(p.choice)
	return p
}

func (p *errandsPage) content() fyne.CanvasObject { return p.object }

func (p *errandsPage) show(m present.ClerkModel) {
	opens := len(p.names) == 0
	p.names = m.Errands.Names
	p.choice.offer(m.Errands.Label, "", m.Errands.Options)
	if opens { // afterwards the arrows choose, whatever else of the window is drawn anew
		p.choice.put(m.Errands.Chosen)
	}
}

// first has the arrow keys.
func (p *errandsPage) first() fyne.Focusable { return p.choice }

// chosen is the name of the errand that is chosen.
func (p *errandsPage) chosen() string {
	if i := p.choice.chosen; i >= 0 && i < len(p.names) {
		return p.names[i]
	}
	return ""
}
