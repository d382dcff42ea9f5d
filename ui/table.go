package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"balcao/ui/theme"
)

// table is lines of cells under their headings, with a thin line below each.
type table struct {
	heads   []*theme.Text
	lines   *list[[]*theme.Text, []string]
	content fyne.CanvasObject
}

// newTable has a column of each share.
func newTable(shares ...float32) *table {
	t := &table{}
	line := func(cell func() *theme.Text) ([]*theme.Text, fyne.CanvasObject) {
		var texts []*theme.Text
		var cells []fyne.CanvasObject
		for range shares {
			text := cell().Wrap()
			texts, cells = append(texts, text), append(cells, text)
		}
		rule := canvas.NewRectangle(theme.Border)
		return texts, rows(0, theme.Padded(4, 8, columns(14, shares, cells...)), sized(1, 1, rule))
	}
	var head fyne.CanvasObject
	t.heads, head = line(func() *theme.Text { return theme.Small("").In(theme.InkFaint) })
	t.lines = newList(0,
		func() ([]*theme.Text, fyne.CanvasObject) { return line(func() *theme.Text { return theme.Value("") }) },
		func(texts []*theme.Text, cells []string) {
			for i, text := range texts {
				cell := ""
				if i < len(cells) {
					cell = cells[i]
				}
				text.SetText(cell)
			}
		})
	t.content = rows(0, head, t.lines.content)
	return t
}

// show fills the table. Without lines the headings go too.
func (t *table) show(heads []string, lines [][]string) {
	for i, head := range t.heads {
		text := ""
		if i < len(heads) {
			text = heads[i]
		}
		head.SetText(text)
	}
	t.lines.show(lines)
	reveal(t.content, len(lines) > 0)
}
