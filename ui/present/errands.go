package present

import (
	"slices"

	"balcao/assets/i18n"
	"balcao/kiosk"
)

// ErrandsModel is the list of errands.
type ErrandsModel struct {
	Label   string
	Names   []string   // what a tile begins, of kiosk.Errands
	Of      [][]string // the errands that it stands for
	Options []OptionModel
	Chosen  int // where the list begins
}

// ofErrand is a text in the words of the errand at hand.
func (p Presenter) ofErrand(key string) string {
	name := p.State.Errand.Name
	if !i18n.Has(i18n.Languages[0], "errand."+name+"."+key) {
		name = "any"
	}
	return p.Text("errand." + name + "." + key)
}

// errandTiles are the errands that stand in one tile, in the order of the page. A tile of several leads to the person's
// key, which offers those that its state allows.
var errandTiles = [][]string{
	{"enrol"}, {"activate"}, {"phone", "email"}, {"pin", "unblock"}, {"suspend", "reactivate", "cancel"}, {"renew"}, {"not_me"},
	{"check"}, {"try"}, {"stored"}, {"search"}, {"approve"}, {"alerts"}, {"report"},
}

// tileName names a tile in keys of the catalogue, and the errand that it begins.
func tileName(errands []string) (key, begins string) {
	if len(errands) > 1 {
		return "errand.tile_" + errands[0], "key"
	}
	return "errand." + errands[0], errands[0]
}

func (p Presenter) errands(m *ClerkModel) {
	m.Subtitle = p.Text("errands.subtitle")
	m.Errands.Label = p.Text("errands.title")
	var offered []string
	for _, errand := range slices.Concat(p.State.Offered(), kiosk.Life) {
		offered = append(offered, errand.Name)
	}
	for _, tile := range errandTiles {
		key, begins := tileName(tile)
		if !slices.Contains(offered, begins) {
			continue
		}
		option := OptionModel{Text: p.Text(key + ".title"), Means: p.Text(key + ".means")}
		if waiting := p.State.Shift.Waiting; begins == kiosk.Approve.Name && waiting >= 0 {
			option.Means = p.Format("cases.waiting", Values{"Count": waiting})
		}
		if today := p.State.Today; begins == "report" && today.Known {
			option = OptionModel{Text: p.Text("errands.today"), Means: p.todayCounts(today)}
		}
		if begins == p.State.Errand.Name && len(tile) == 1 {
			m.Errands.Chosen = len(m.Errands.Names)
		}
		m.Errands.Names, m.Errands.Of = append(m.Errands.Names, begins), append(m.Errands.Of, tile)
		m.Errands.Options = append(m.Errands.Options, option)
	}
	m.Actions = []Action{{Text: p.Text("action.choose"), Key: "Enter", Main: true, Event: kiosk.ErrandChosen{}}}
	m.Cancel = &Action{Text: p.Text("action.close"), Key: "Esc", Event: kiosk.Cancel{}}
}

// todayCounts is what this desk did today.
func (p Presenter) todayCounts(today kiosk.DayFigures) string {
	enrolments := grouped(itoa(today.Enrolments))
	if today.Enrolments > 0 && today.Median > 0 {
		enrolments = p.Format("errands.with_median", Values{"Count": enrolments, "Median": p.span(today.Median)})
	}
	return p.Format("errands.counts", Values{"Enrolments": enrolments, "Others": grouped(itoa(today.Others))})
}

// tellsFirst tells the person what their errand will do.
func (p Presenter) tellsFirst(m *CitizenModel) {
	name := p.State.Errand.Name
	if key := p.State.Key; key.ReasonMissing || key.Phase == kiosk.KeyOpening { // until then nobody has chosen
		name = key.Choosing
	}
	m.Key, m.Sign, m.Title = "before/"+name, SignWait, p.Text("citizen.before.title")
	if !i18n.Has(i18n.Languages[0], "errand."+name+".before") {
		name = "any"
	}
	m.Text = p.Text("errand." + name + ".before")
}
