using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mantle.Emulator.Imds;

/// <summary>
/// The instance metadata service with version 2 required (EC2 User Guide, "Use the Instance Metadata Service to access instance metadata"): PUT gives a token for a time,
/// everything else wants one.
/// </summary>
public sealed class MetadataEndpoint : IAsyncDisposable
{
    private const string TimeToLive = "X-aws-ec2-metadata-token-ttl-seconds";
    private const string TokenHeader = "X-aws-ec2-metadata-token";
    private const string Credentials = "/latest/meta-data/iam/security-credentials/";

    private readonly WebApplication _application;
    private readonly MetadataOptions _options;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, DateTimeOffset> _tokens = new(StringComparer.Ordinal);
    private readonly List<MetadataFault> _faults = [];
    private readonly ConcurrentQueue<string> _calls = new();
    private readonly ConcurrentQueue<DateTimeOffset> _callTimes = new();

    private MetadataEndpoint(WebApplication application, MetadataOptions options)
    {
        _application = application;
        _options = options;
    }

    /// <summary>For example <c>http://127.0.0.1:1234</c>.</summary>
    public string Url { get; private set; } = "";

    /// <summary>Method, path and status of every request so far.</summary>
    public IReadOnlyList<string> Calls => [.. _calls];

    /// <summary>When each of them came.</summary>
    public IReadOnlyList<DateTimeOffset> CallTimes => [.. _callTimes];

    public static async Task<MetadataEndpoint> StartAsync(MetadataOptions options)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(options.Address, options.Port);
        });
        WebApplication application = builder.Build();
        MetadataEndpoint endpoint = new(application, options);
        application.Run(endpoint.AnswerAsync);
        await application.StartAsync();
        endpoint.Url = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return endpoint;
    }

    public void Add(MetadataFault fault)
    {
        lock (_lock)
        {
            _faults.Add(fault);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource now = new();
        await now.CancelAsync();
        await _application.StopAsync(now.Token);
        await _application.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        _callTimes.Enqueue(TimeProvider.System.GetUtcNow());
        MetadataFault? fault = Take(http.Request.Path.Value!);
        if (fault is not null)
        {
            await Task.Delay(fault.Delay, http.RequestAborted);
        }

        if (fault?.Cuts == true)
        {
            _calls.Enqueue($"{http.Request.Method} {http.Request.Path.Value} (cut)");
            http.Abort();
            return;
        }

        (int status, string body, string type) = fault?.Status is { } wrong ? (wrong, "", "text/html")
            : fault?.Body is { } text ? (200, text, "text/plain")
            : Answer(http.Request);
        _calls.Enqueue($"{http.Request.Method} {http.Request.Path.Value} {status}");
        http.Response.StatusCode = status;
        http.Response.ContentType = type;
        if (status == 200 && HttpMethods.IsPut(http.Request.Method))
        {
            http.Response.Headers[TimeToLive] = http.Request.Headers[TimeToLive].ToString();
        }

        await http.Response.WriteAsync(body);
    }

    private (int Status, string Body, string Type) Answer(HttpRequest request)
    {
        string path = request.Path.Value!;
        if (HttpMethods.IsPut(request.Method))
        {
            return path != "/latest/api/token" ? (405, "", "text/html")
                : request.Headers.ContainsKey("X-Forwarded-For") ? (403, "", "text/html")
                : int.TryParse(request.Headers[TimeToLive], CultureInfo.InvariantCulture, out int seconds) && seconds is >= 1 and <= 21_600 ? (200, NewToken(seconds), "text/plain")
                : (400, "", "text/html");
        }

        return !HttpMethods.IsGet(request.Method) ? (405, "", "text/html")
            : !IsToken(request.Headers[TokenHeader].ToString()) ? (401, "", "text/html")
            : Text(path) is { } body ? (200, body, path.EndsWith("document", StringComparison.Ordinal) ? "application/json" : "text/plain")
            : (404, "", "text/html");
    }

    private string? Text(string path) => path switch
    {
        Credentials or "/latest/meta-data/iam/security-credentials" => _options.Role,
        _ when _options.Role is not null && path == Credentials + _options.Role => RoleCredentials(),
        "/latest/meta-data/placement/region" => _options.Region,
        "/latest/meta-data/instance-id" => _options.InstanceId,
        "/latest/user-data" => _options.UserData,
        "/latest/dynamic/instance-identity/document" => new JsonObject
        {
            ["accountId"] = _options.Account, ["architecture"] = "x86_64", ["instanceId"] = _options.InstanceId, ["region"] = _options.Region, ["version"] = "2017-09-30",
        }.ToJsonString(),
        _ => null,
    };

    private string RoleCredentials()
    {
        if (_options.Credentials?.Invoke() is not { } credentials)
        {
            return new JsonObject { ["Code"] = "Failed", ["LastUpdated"] = Text(_options.Time.GetUtcNow()), ["Message"] = "The role cannot be assumed." }.ToJsonString();
        }

        return new JsonObject
        {
            ["Code"] = "Success",
            ["LastUpdated"] = Text(_options.Time.GetUtcNow()),
            ["Type"] = "AWS-HMAC",
            ["AccessKeyId"] = credentials.AccessKeyId,
            ["SecretAccessKey"] = credentials.SecretAccessKey,
            ["Token"] = credentials.Token,
            ["Expiration"] = Text(credentials.Expiration),
        }.ToJsonString();
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private string NewToken(int seconds)
    {
        lock (_lock)
        {
            string token = Convert.ToBase64String(RandomNumberGenerator.GetBytes(39));
            _tokens.Add(token, _options.Time.GetUtcNow().AddSeconds(seconds));
            return token;
        }
    }

    private bool IsToken(string token)
    {
        lock (_lock)
        {
            return _tokens.TryGetValue(token, out DateTimeOffset end) && end > _options.Time.GetUtcNow();
        }
    }

    private MetadataFault? Take(string path)
    {
        lock (_lock)
        {
            int index = _faults.FindIndex(fault => path.StartsWith(fault.Path, StringComparison.Ordinal));
            if (index < 0)
            {
                return null;
            }

            MetadataFault fault = _faults[index];
            _faults.RemoveAt(index);
            if (fault.Times > 1)
            {
                _faults.Insert(index, fault with { Times = fault.Times - 1 });
            }

            if (fault.ForgetsTokens)
            {
                _tokens.Clear();
            }

            return fault;
        }
    }
}
