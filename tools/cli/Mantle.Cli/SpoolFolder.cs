namespace Mantle.Cli;

/// <summary>Where an audit puts what comes out of decompressors: a kernel alone has tens of megabytes, which nobody has to hold in memory.</summary>
public static class SpoolFolder
{
    /// <summary>
    /// <c>TMPDIR</c>, or <c>/var/tmp</c>, which unlike <c>/tmp</c> is on disk (file-hierarchy(7)); null where no file can be made in it, as in a sandbox
    /// without any writable folder: memory then has to do.
    /// </summary>
    public static string? Find()
    {
        string folder = Environment.GetEnvironmentVariable("TMPDIR") is { Length: > 0 } given ? given : "/var/tmp";
        try
        {
            using FileStream probe = new(
                Path.Combine(folder, $".spool-{Environment.ProcessId}"),
                new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose });
            return folder;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
