namespace Mantle.Measure.Audit.Rules;

/// <summary>Applies conditions on units to every unit.</summary>
internal static class UnitRules
{
    public static void Apply(RuleSet rules, IReadOnlyList<UnitCatalog> catalogs, FindingList findings)
    {
        (SealRule Rule, UnitDetection Detection)[] detections =
            [.. rules.Rules.SelectMany(rule => rule.Detect.OfType<UnitDetection>().Select(detection => (rule, detection)))];
        foreach (SystemdUnit unit in catalogs.SelectMany(catalog => catalog.Units))
        {
            foreach ((SealRule rule, UnitDetection detection) in detections)
            {
                Apply(rule, detection, unit, findings);
            }
        }
    }

    private static void Apply(SealRule rule, UnitDetection detection, SystemdUnit unit, FindingList findings)
    {
        if ((!detection.Name.IsEmpty && !detection.Name.Matches(unit.Name)) || (detection.Enabled is { } enabled && enabled != unit.IsEnabled)
            || (!detection.With.IsEmpty && !unit.Directives.Any(directive => detection.With.Matches(directive.Section, directive.Key, directive.Value))))
        {
            return;
        }

        if (detection.Directive.IsEmpty)
        {
            findings.Add(rule, unit.Place, new Evidence($"{unit.Name}{(unit.IsEnabled ? ", started at boot" : "")}"));
            return;
        }

        foreach ((string section, string key, string value, string place, int line) in unit.Directives)
        {
            if (detection.Directive.Matches(section, key, value))
            {
                findings.Add(rule, place, new Evidence($"{unit.Name}: [{section}] {key}={value}", Line: line));
            }
        }
    }
}
