using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Measure.Checking;

namespace Mantle.Measure.Release.Verification;

/// <summary>The directory holds exactly the files that the statement names, with the digests that it names.</summary>
internal static class FileRules
{
    public static void Check(CheckReport report, ReleaseInputs inputs)
    {
        ReleaseDirectory directory = inputs.Directory;
        report.Check("directory", directory.Problems.Count == 0 ? null : string.Join("; ", directory.Problems), $"{directory.Files.Count} plain files with names that a release has");
        string[] absent = [.. ReleaseFiles.Required.Where(name => inputs.Statement.DigestOf(name) is null)];
        report.Check("subjects", absent.Length == 0 ? null : $"the statement does not name {Names(absent)}, which every release has", $"{inputs.Statement.Subjects.Count} files are named");
        string[] unnamed = [.. directory.Files.Keys.Where(name => !ReleaseFiles.IsUnsigned(name) && inputs.Statement.DigestOf(name) is null)];
        string[] missing = [.. inputs.Statement.Subjects.Select(subject => subject.Name).Where(name => directory.Find(name) is null)];
        report.Check(
            "files",
            unnamed.Length > 0 ? $"{Names(unnamed)} lies in the directory and is not in the statement"
                : missing.Length > 0 ? $"{Names(missing)} is in the statement and not in the directory"
                : null,
            "the directory holds what the statement names and nothing else");
        if (directory.Find(ReleaseFiles.Publication) is not null)
        {
            report.Skipped(ReleaseFiles.Publication, "nobody has signed it: what it names is to be proven with \"imagebuilder ami verify\"");
        }

        ReleaseSubject[] subjects = [.. inputs.Statement.Subjects.Where(subject => directory.Find(subject.Name) is not null)];
        string[] digests = new string[subjects.Length];
        Parallel.For(0, subjects.Length, new() { MaxDegreeOfParallelism = inputs.Workers }, i => digests[i] = Digest(inputs, subjects[i].Name));
        for (int i = 0; i < subjects.Length; i++)
        {
            report.Check(
                $"file.{subjects[i].Name}",
                digests[i] == subjects[i].Sha256 ? null : $"SHA-256 {digests[i]}, the statement has {subjects[i].Sha256}",
                $"SHA-256 {digests[i]}");
        }
    }

    private static string Names(string[] names) => string.Join(", ", names.Select(name => $"\"{PrintedText.Escape(name)}\""));

    private static string Digest(ReleaseInputs inputs, string name)
    {
        if (name == ReleaseFiles.Image)
        {
            inputs.ProvenImage = ProvenImage.Read(inputs.Image!);
            return inputs.ProvenImage.Sha256;
        }

        using Stream content = inputs.Directory.Files[name].OpenStream();
        return Convert.ToHexStringLower(SHA256.HashData(content));
    }
}
