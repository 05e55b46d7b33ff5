namespace Mantle.Measure;

/// <summary>The exit codes of both tools. Scripts may rely on them.</summary>
public static class ExitCode
{
    /// <summary>Done, or the claim holds.</summary>
    public const int Success = 0;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 1;

    /// <summary>Checked, and it does not match.</summary>
    public const int Mismatch = 2;

    /// <summary>An input is malformed or refused.</summary>
    public const int Malformed = 3;

    /// <summary>The file system, the network or another part of the environment failed.</summary>
    public const int Environment = 4;

    /// <summary>A signer or a remote service failed or refused.</summary>
    public const int Remote = 5;

    /// <summary>A locked package is no longer in the archive: lock anew.</summary>
    public const int Gone = 6;

    /// <summary>It could not be checked completely: no verdict.</summary>
    public const int Unverified = 7;

    /// <summary>A bug in the tool.</summary>
    public const int Bug = 70;

    /// <summary>Ended by Ctrl-C (128 + SIGINT).</summary>
    public const int Interrupted = 130;
}
