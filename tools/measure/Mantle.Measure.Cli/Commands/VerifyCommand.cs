using System.CommandLine;
using Mantle.Cli;
using Mantle.Formats.Bytes;
using Mantle.Measure.Attestation;
using Mantle.Measure.Checking;
using Mantle.Measure.Prediction;
using Mantle.Measure.Verification;

namespace Mantle.Measure.Cli.Commands;

/// <summary><c>measure verify</c>: holds an image against what its release claims of it.</summary>
internal static class VerifyCommand
{
    private const string ManifestName = "manifest.json";

    private static readonly Argument<string> s_image = new("IMAGE") { Description = "A raw disk image" };

    private static readonly Option<string> s_against = new("--against")
    {
        Description = "A measurements.json or the folder that holds it; manifest.json beside it is checked too",
        HelpName = "FILE|FOLDER",
        Required = true,
    };

    private static readonly Option<bool> s_json = new("--json") { Description = "Print the result as JSON (docs/schemas/verification.schema.json)" };

    public static Command Create()
    {
        Command command = new(
            "verify",
            """
            Compute from an image everything that its release claims of it, and say claim by claim what holds: partition table, boot file, root
            hash and verity tree, the files of the root, the PCRs in every bank, and the digests of the manifest.

            Exit code 0: every claim holds; 2: one does not; 7: something that a verdict needs was not claimed.

            Examples:
              measure verify out/image.raw --against out
              measure verify image.raw --against release/measurements.json --json
            """)
        {
            s_image, s_against, s_json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        string image = parsed.GetValue(s_image)!;
        string against = parsed.GetValue(s_against)!;
        string folder = Directory.Exists(against) ? against : Path.GetDirectoryName(Path.GetFullPath(against))!;
        string measurements = Directory.Exists(against) ? Path.Combine(against, ReferenceValues.FileName) : against;
        foreach (string path in (string[])[image, measurements])
        {
            if (!File.Exists(path))
            {
                throw new UserErrorException($"\"{path}\" does not exist", "name a disk image, and a release folder or its measurements.json", ExitCode.Environment);
            }
        }

        SortedDictionary<string, ByteSource> files = new(StringComparer.Ordinal);
        foreach (FileInfo file in new DirectoryInfo(folder).EnumerateFiles())
        {
            files[file.Name] = ByteSource.OpenFile(file.FullName);
        }

        CheckReport report = ImageVerifier.Verify(ByteSource.OpenFile(image), new()
        {
            Measurements = MeasurementsDocument.Read(ByteSource.OpenFile(measurements)),
            Manifest = files.GetValueOrDefault(ManifestName),
            Files = files,
            ImageName = Path.GetFileName(image),
        });
        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(parsed, json =>
            {
                json.WriteString("image", Path.GetFileName(image));
                CheckJson.Write(report, json);
            });
        }
        else
        {
            CheckText.Write(report, Path.GetFileName(image), parsed.InvocationConfiguration.Output);
        }

        return report.ExitCode;
    }
}
