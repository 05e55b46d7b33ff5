using Mantle.Formats.Bytes;
using Mantle.Formats.Compression;
using Mantle.Measure.Audit.Facts;
using Mantle.Measure.Audit.Inspection;

namespace Mantle.Measure.Audit.Rules;

/// <summary>Applies conditions on kernels to every kernel. Each is unpacked, which takes longer than most of an audit of a small image.</summary>
internal static class KernelRules
{
    public static void Apply(RuleSet rules, InspectedImage image, DecompressionOptions options, FindingList findings, CancellationToken cancellation)
    {
        (SealRule Rule, KernelDetection Detection)[] detections =
            [.. rules.Rules.SelectMany(rule => rule.Detect.OfType<KernelDetection>().Select(detection => (rule, detection)))];
        if (detections.Length == 0)
        {
            return;
        }

        string[] texts = [.. detections.SelectMany(detection => detection.Detection.Lacks).Distinct()];
        BytePatterns patterns = new(texts);
        foreach (InspectedKernel kernel in image.Kernels)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                KernelFacts facts = KernelFacts.Read(kernel, image.Trees, patterns, options);
                foreach ((SealRule rule, KernelDetection detection) in detections)
                {
                    if (Matches(detection, facts, texts) is { } evidence)
                    {
                        findings.Add(rule, kernel.Place, evidence);
                    }
                }
            }
            catch (MalformedInputException e)
            {
                findings.AddGap(new(kernel.Place, e.Format, e.Message));
            }
        }
    }

    private static List<Evidence>? Matches(KernelDetection detection, KernelFacts facts, string[] texts)
    {
        List<Evidence> evidence = [];
        if (!detection.Option.IsEmpty || !detection.Without.IsEmpty)
        {
            string[] options = [.. facts.Options.Where(option => detection.Option.Matches(option))];
            if (facts.ConfigurationPlace is null || (!detection.Option.IsEmpty && options.Length == 0) || facts.Options.Any(option => detection.Without.Matches(option)))
            {
                return null;
            }

            evidence.AddRange(options.Select(option => new Evidence($"{option}, as {facts.ConfigurationPlace} says")));
            if (options.Length == 0)
            {
                evidence.Add(new($"no {string.Join(" or ", detection.Without.Patterns)}, as {facts.ConfigurationPlace} says"));
            }
        }

        if (detection.Lacks.Any(text => facts.Holds[Array.IndexOf(texts, text)]))
        {
            return null;
        }

        evidence.AddRange(detection.Lacks.Select(text => new Evidence($"the kernel proper does not hold \"{text}\"")));
        return evidence;
    }
}
