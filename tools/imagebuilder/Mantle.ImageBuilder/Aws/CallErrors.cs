using System.Net;
using Amazon.Runtime;

namespace Mantle.ImageBuilder.Aws;

/// <summary>What is the same about a failed call of every service.</summary>
internal static class CallErrors
{
    /// <summary>Whether it is about the call, and not a defect here or the user's Ctrl-C.</summary>
    public static bool IsOfCall(Exception problem, CancellationToken cancellation) => !cancellation.IsCancellationRequested
        && problem is AmazonClientException or AmazonServiceException or HttpRequestException or WebException or IOException or OperationCanceledException or TimeoutException;

    /// <summary>A service's own text in one line, as part of a sentence.</summary>
    public static string Line(string text) => text.Split('\n')[0].TrimEnd('.', '\r');
}
