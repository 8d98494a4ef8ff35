package arduino_serial

import (
	"fmt"
	"unicode"

	"github.com/telegraf-station/telegraf-station/internal/line"
)

// noise tells of a wrong baud rate or framing.
type noise struct{ line.Noise }

// diagnosis is "" if they look right.
func (n *noise) diagnosis(s settings) string {
	percent, wrong := n.Share()
	if !wrong {
		return ""
	}
	share := fmt.Sprintf("%d%% of %d bytes are not ASCII", percent, n.Bytes())
	if parity := n.Parity(); parity != "" && s.framing == "8N1" && !s.network {
		return fmt.Sprintf("%s, but all have %s parity: check framing, now 8N1 (7%c1?)", share, parity, unicode.ToUpper(rune(parity[0])))
	}
	return share + ": " + s.rateAdvice()
}
