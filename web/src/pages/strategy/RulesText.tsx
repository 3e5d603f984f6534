import { useEffect, useState } from "react";
import { Field } from "../../components/ui";
import { useDebounced } from "../../lib/useDebounced";
import { parseRules, RULES_EXAMPLE } from "../../runs/rules";

/** freqtrade's rules for the preview, as the file that freqtrade reads. */
export default function RulesText(p: { onRules: (rules: unknown) => void }) {
	const [text, setText] = useState(RULES_EXAMPLE);
	const late = useDebounced(text, 300);
	const { onRules } = p;
	useEffect(() => onRules(parseRules(late)), [late, onRules]);
	return (
		<div className="preview-rules">
			<Field
				label="Rules (freqtrade's own key names)"
				error={parseRules(text) ? null : "This is not a JSON object."}
			>
				{(a) => (
					<textarea
						{...a}
						className="input textarea mono"
						rows={7}
						spellCheck={false}
						value={text}
						onChange={(ev) => setText(ev.target.value)}
					/>
				)}
			</Field>
		</div>
	);
}
