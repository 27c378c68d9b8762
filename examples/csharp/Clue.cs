// Enrols a person with a card and prints events as they come, by CLUe's documented calls. C# 7 and HttpClient alone: it runs on .NET Framework,
// Mono and .NET. What differs from a program for CLUe is the address and the key.
using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using System.Web.Script.Serialization;

namespace ClueExample
{
    /// <summary>What CLUe refused, with its code: e1005 for a wrong argument, f1001 for a photo that is too poor, and so on.</summary>
    public sealed class ClueException : Exception
    {
        public ClueException(string code, string message) : base($"{code} {message}".TrimEnd())
        {
            Code = code;
        }

        public string Code { get; }
    }

    public sealed class EventPage
    {
        public EventPage(IReadOnlyList<IDictionary<string, object>> events, long total)
        {
            Events = events;
            Total = total;
        }

        public IReadOnlyList<IDictionary<string, object>> Events { get; }

        /// <summary>How many match, whatever the page shows.</summary>
        public long Total { get; }
    }

    public sealed class ClueClient : IDisposable
    {
        private readonly HttpClient http;
        private readonly JavaScriptSerializer json = new JavaScriptSerializer { MaxJsonLength = int.MaxValue };

        public ClueClient(string baseUrl, string apiKey)
        {
            http = new HttpClient { BaseAddress = new Uri(baseUrl), Timeout = TimeSpan.FromSeconds(30) };
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
            http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("*/*"));
        }

        /// <summary>Registers a person who may pass all doors at all times; answers the id of their right. The same body again answers the same id.</summary>
        public async Task<long> RegisterAsync(long placeId, string userKey, string name, string cardNumber, DateTimeOffset from, DateTimeOffset to)
        {
            var body = new Dictionary<string, object>
            {
                ["user"] = new Dictionary<string, object> { ["key"] = userKey, ["name"] = name },
                ["auth"] = new Dictionary<string, object>
                {
                    ["activeStatus"] = "ACTIVE",
                    ["startTime"] = from.ToUnixTimeMilliseconds(),
                    ["endTime"] = to.ToUnixTimeMilliseconds(),
                    ["doorAccessType"] = "ALL_DOOR",
                    ["scheduleType"] = "ALWAYS",
                    ["credentials"] = new Dictionary<string, object>
                    {
                        ["cards"] = new[] { new Dictionary<string, object> { ["cardNumber"] = cardNumber, ["formatType"] = "CSN" } },
                    },
                },
            };
            var content = new StringContent(json.Serialize(body), Encoding.UTF8, "application/json");
            var answer = await SendAsync(new HttpRequestMessage(HttpMethod.Post, $"/v1/be/places/{placeId}/auths") { Content = content }).ConfigureAwait(false);
            return Convert.ToInt64(((IDictionary<string, object>)answer["data"])["authId"]);
        }

        /// <summary>One page of a place's events of a time, in the order in which the server has them.</summary>
        public async Task<EventPage> EventsAsync(long placeId, DateTimeOffset from, DateTimeOffset to, int page, int size)
        {
            var query = $"placeId={placeId}&startTime={from.ToUnixTimeMilliseconds()}&endTime={to.ToUnixTimeMilliseconds()}&page={page}&size={size}&sort=id,asc";
            var answer = await SendAsync(new HttpRequestMessage(HttpMethod.Get, $"/v1/be/events?{query}")).ConfigureAwait(false);
            var events = ((IEnumerable)answer["data"]).Cast<IDictionary<string, object>>().ToList();
            return new EventPage(events, Convert.ToInt64(answer["total"]));
        }

        public void Dispose()
        {
            http.Dispose();
        }

        private async Task<IDictionary<string, object>> SendAsync(HttpRequestMessage request)
        {
            using (request)
            using (var response = await http.SendAsync(request).ConfigureAwait(false))
            {
                var text = await response.Content.ReadAsStringAsync().ConfigureAwait(false);
                var answer = AnswerIn(text);
                if (response.IsSuccessStatusCode && answer != null) return answer;
                throw RefusalOf(answer, (int)response.StatusCode);
            }
        }

        private IDictionary<string, object> AnswerIn(string text)
        {
            try
            {
                return json.DeserializeObject(text) as IDictionary<string, object>;
            }
            catch (ArgumentException)
            {
                return null;
            }
        }

        /// <summary>The first of CLUe's errors with the fields that it names, or the status alone where something between answered in its stead.</summary>
        private static ClueException RefusalOf(IDictionary<string, object> answer, int status)
        {
            if (answer == null || !answer.TryGetValue("errors", out var errors)) return new ClueException(status.ToString(), "");
            var first = ((IEnumerable)errors).Cast<IDictionary<string, object>>().First();
            var message = first["message"] as string;
            if (first.TryGetValue("details", out var details))
                foreach (var detail in ((IEnumerable)details).Cast<IDictionary<string, object>>()) message += $" {detail["field"]} {detail["message"]}.";
            return new ClueException(first["code"] as string, message);
        }
    }

    public static class Program
    {
        private const int PageSize = 200;
        private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

        /// <summary>Within the seven days that one question about events may span.</summary>
        private static readonly TimeSpan Longest = TimeSpan.FromDays(6);

        public static int Main(string[] arguments)
        {
            if (arguments.Length != 6 && arguments.Length != 7)
            {
                Console.Error.WriteLine("clue.exe ADDRESS KEY PLACE_ID USER_KEY NAME CARD_NUMBER [SECONDS]");
                return 2;
            }
            var until = arguments.Length == 7 ? DateTimeOffset.UtcNow.AddSeconds(int.Parse(arguments[6])) : DateTimeOffset.UtcNow + Longest;
            try
            {
                RunAsync(arguments[0], arguments[1], long.Parse(arguments[2]), arguments[3], arguments[4], arguments[5], until).GetAwaiter().GetResult();
                return 0;
            }
            catch (Exception failure) when (failure is ClueException || failure is HttpRequestException || failure is TaskCanceledException)
            {
                Console.Error.WriteLine(failure.Message);
                return 1;
            }
        }

        private static async Task RunAsync(
            string address, string key, long placeId, string userKey, string name, string cardNumber, DateTimeOffset until)
        {
            // A date from which and to which the right holds; whole days, so that the program started again sends the same body.
            var today = new DateTimeOffset(DateTime.UtcNow.Date, TimeSpan.Zero);
            using (var clue = new ClueClient(address, key))
            {
                var authId = await clue.RegisterAsync(placeId, userKey, name, cardNumber, today, today.AddYears(1)).ConfigureAwait(false);
                Console.WriteLine($"registered {userKey} as auth {authId}");
                await PrintEventsAsync(clue, placeId, DateTimeOffset.UtcNow.AddSeconds(-5), until).ConfigureAwait(false);
            }
        }

        /// <summary>Asks again and again for the events since the beginning. In the order of the server's ids none slips in before those already printed.</summary>
        private static async Task PrintEventsAsync(ClueClient clue, long placeId, DateTimeOffset from, DateTimeOffset until)
        {
            var printed = 0;
            while (DateTimeOffset.UtcNow < until)
            {
                // A page that is not full yet is asked for again; what was printed of it is left out.
                var page = await clue.EventsAsync(placeId, from, from.AddDays(7), printed / PageSize, PageSize).ConfigureAwait(false);
                foreach (var one in page.Events.Skip(printed % PageSize))
                {
                    printed += 1;
                    Console.WriteLine(Line(one));
                }
                if (page.Events.Count < PageSize) await Task.Delay(Pause).ConfigureAwait(false);
            }
        }

        private static string Line(IDictionary<string, object> one)
        {
            var at = DateTimeOffset.FromUnixTimeMilliseconds(Convert.ToInt64(one["eventAt"]));
            // A field without a value is left out.
            return $"{at:yyyy-MM-ddTHH:mm:ss.fffZ} {one["eventType"]} {Field(one, "doorName")} {Field(one, "userId")}".TrimEnd();
        }

        private static string Field(IDictionary<string, object> one, string name)
        {
            return one.TryGetValue(name, out var value) ? Convert.ToString(value) : "";
        }
    }
}
