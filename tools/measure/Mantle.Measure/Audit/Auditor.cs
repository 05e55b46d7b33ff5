using Mantle.Formats.Bytes;
using Mantle.Formats.Compression;
using Mantle.Measure.Audit.Inspection;
using Mantle.Measure.Audit.Rules;

namespace Mantle.Measure.Audit;

/// <summary>Decides from the bytes of an image whether it is sealed: whether anything in it lets a person in.</summary>
public static class Auditor
{
    /// <summary>Takes an image apart and applies every rule.</summary>
    /// <param name="image">A disk image, a UKI, a file system or a cpio archive.</param>
    /// <param name="options">Rules, waivers, threads.</param>
    /// <param name="cancellation">Ends the audit early.</param>
    /// <exception cref="IOException">The image cannot be read. What is malformed in it is a <see cref="Gap"/>, no error.</exception>
    public static AuditReport Audit(ByteSource image, AuditOptions options, CancellationToken cancellation = default)
    {
        DecompressionOptions decompression = new() { SpoolFolder = options.SpoolFolder, MaximumLength = options.MaximumUnpackedLength };
        InspectedImage inspected = Inspector.Inspect(image, options.Workers, decompression);
        FindingList found = new();
        Task kernels = options.LooksIntoKernels
            ? Task.Run(() => KernelRules.Apply(options.Rules, inspected, decompression, found, cancellation), cancellation)
            : Task.CompletedTask;
        FileRules files = new(options.Rules, inspected.Opened, found);
        files.Apply(inspected.Trees, options.Workers, cancellation);
        CommandLineRules.Apply(options.Rules, inspected.BootEntries, found);
        AccountRules.Apply(options.Rules, inspected.Trees, found);
        UnitCatalog[] units = [.. inspected.Trees.Select(tree => UnitCatalog.Read(tree, found)).OfType<UnitCatalog>()];
        UnitRules.Apply(options.Rules, units, found);
        kernels.GetAwaiter().GetResult();
        AuditContext context = new(inspected, units);
        foreach (SealRule rule in options.Rules.Rules)
        {
            foreach (CodeDetection detection in rule.Detect.OfType<CodeDetection>())
            {
                detection.Code.Check(context, (place, evidence) => found.Add(rule, place, evidence));
            }
        }

        (IReadOnlyList<Finding> findings, IReadOnlyList<Finding> waived) = WaiverRules.Apply(found.Findings(), options.Waivers, options.At);
        return new()
        {
            InputName = options.InputName,
            Rules = options.Rules,
            Image = inspected,
            Findings = findings,
            Waived = waived,
            Gaps = [.. inspected.Gaps, .. found.Gaps()],
            At = options.At,
            Files = files.Files,
            Programs = files.Programs,
            SearchedFiles = files.SearchedFiles,
            SearchedBytes = files.SearchedBytes,
        };
    }
}
